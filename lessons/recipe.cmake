# recipe.ini: how wslab compiles a learner's exercise, which it does without cmake. A group per kind
# of build (plain, thread, address), lists separated by semicolons; `sanitized` is what all of this
# build is compiled with.
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
file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/lessons/recipe.ini CONTENT "${recipe}")
