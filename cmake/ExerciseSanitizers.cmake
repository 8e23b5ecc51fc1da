# The learner's programs are compiled by wslab, for some checks under a sanitizer, together with
# libwsproto and lessons/common under the same. Here: which sanitizers there are, and their options.
#   WSKIT_EXERCISE_SANITIZERS   of thread and address those that this compiler can link
#   wskit_thread, wskit_address what a target of that kind is compiled with
include(CheckCSourceCompiles)

set(wskit_address_options -fsanitize=address,undefined -fno-sanitize-recover=all)
set(wskit_thread_options -fsanitize=thread)
set(WSKIT_EXERCISE_SANITIZERS)
if(NOT WSKIT_SANITIZE AND NOT WSKIT_COVERAGE) # no two sanitizers in one program
  foreach(sanitizer thread address)
    list(JOIN wskit_${sanitizer}_options " " CMAKE_REQUIRED_FLAGS)
    check_c_source_compiles("int main(void) { return 0; }" WSKIT_HAS_${sanitizer})
    if(WSKIT_HAS_${sanitizer})
      list(APPEND WSKIT_EXERCISE_SANITIZERS ${sanitizer})
    endif()
  endforeach()
  unset(CMAKE_REQUIRED_FLAGS)
endif()

list(APPEND wskit_address_options -O1 -g -fno-omit-frame-pointer)
list(APPEND wskit_thread_options -O1 -g -fno-omit-frame-pointer)
foreach(sanitizer ${WSKIT_EXERCISE_SANITIZERS})
  add_library(wskit_${sanitizer} INTERFACE)
  target_compile_options(wskit_${sanitizer} INTERFACE ${wskit_${sanitizer}_options})
endforeach()
if(TARGET wskit_thread)
  target_compile_options(wskit_thread INTERFACE ${WSKIT_THREAD_OPTIONS})
endif()
