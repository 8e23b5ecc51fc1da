# recipe.ini: how wslab compiles a learner's exercise, which it does without cmake. A group per kind
# of build (plain, thread, address), lists separated by semicolons; what a lesson needs beyond that
# is in a group of its own (plain:07_hub). `sanitized` is what all of this build is compiled with.
separate_arguments(flags UNIX_COMMAND "${CMAKE_C_FLAGS}")
string(REPLACE SHELL:-include "-include;" thread_options "${WSKIT_THREAD_OPTIONS}")
string(REPLACE "; " ";" thread_options "${thread_options}")
set(exercise_flags -std=c11 -Wall -Wextra ${GLIB_CFLAGS_OTHER})
set(exercise_libraries ${GLIB_LINK_LIBRARIES} -lm)
if(WSPROTO_DEFLATE)
  find_package(ZLIB REQUIRED)
  list(PREPEND exercise_libraries ${ZLIB_LIBRARIES})
endif()

set(plain_flags ${flags} -O1 -g ${WSKIT_INSTRUMENTS})
if(WSKIT_SANITIZE STREQUAL "thread")
  list(APPEND plain_flags ${thread_options})
endif()
set(thread_flags ${wskit_thread_options} ${thread_options})
set(address_flags ${wskit_address_options})
set(plain_common lessons_common)
set(plain_wsproto wsproto_static)
foreach(sanitizer thread address)
  set(${sanitizer}_common lessons_common_${sanitizer})
  set(${sanitizer}_wsproto wsproto_${sanitizer})
endforeach()

set(recipe "[recipe]\ncompiler=${CMAKE_C_COMPILER}\nsanitized=${WSKIT_SANITIZE}\n")
foreach(kind plain ${WSKIT_EXERCISE_SANITIZERS})
  set(common ${${kind}_common})
  string(APPEND recipe
    "\n[${kind}]\n"
    "flags=${exercise_flags};${${kind}_flags}\n"
    "definitions=$<TARGET_PROPERTY:${common},INTERFACE_COMPILE_DEFINITIONS>\n"
    "includes=$<TARGET_PROPERTY:${common},INTERFACE_INCLUDE_DIRECTORIES>\n"
    "libraries=$<TARGET_FILE:${common}>;$<TARGET_FILE:${${kind}_wsproto}>;${exercise_libraries}\n")
endforeach()

# wskit_recipe_more(LESSON GIVEN LIBS): see wskit_lesson.
function(wskit_recipe_more lesson given libs)
  set(includes)
  set(libraries)
  foreach(prefix ${libs})
    list(APPEND includes ${${prefix}_INCLUDE_DIRS})
    list(APPEND libraries ${${prefix}_LINK_LIBRARIES})
  endforeach()
  if(NOT given AND NOT libs)
    return()
  endif()
  foreach(kind plain ${WSKIT_EXERCISE_SANITIZERS})
    set(library given_${lesson})
    if(NOT kind STREQUAL "plain")
      string(APPEND library _${kind})
    endif()
    set(file)
    if(given)
      set(file "$<TARGET_FILE:${library}>;")
    endif()
    set_property(GLOBAL APPEND_STRING PROPERTY WSKIT_RECIPE_MORE
      "\n[${kind}:${lesson}]\nincludes=${includes}\nlibraries=${file}${libraries}\n")
  endforeach()
endfunction()

# Behind the last lesson.
function(wskit_recipe_write)
  get_property(more GLOBAL PROPERTY WSKIT_RECIPE_MORE)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/lessons/recipe.ini CONTENT "${recipe}${more}")
endfunction()
