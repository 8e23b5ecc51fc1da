# What loads a chat server, and the servers that lesson 07's hub is measured beside. Tests use them, too.
add_executable(hub_load hub_load.c hub_member.c process.c)
add_executable(hub_floor hub_floor.c)
foreach(program hub_load hub_floor)
  target_compile_definitions(${program} PRIVATE _GNU_SOURCE)
  target_link_libraries(${program} PRIVATE wsproto::wsproto_static PkgConfig::GLIB wskit_flags)
endforeach()
wskit_gorilla(hub_gorilla hub_gorilla.go)

# All that hub.py runs.
add_custom_target(hub_bench DEPENDS hub_load hub_floor)
foreach(program hub_gorilla lesson_07_hub_hub)
  if(TARGET ${program})
    add_dependencies(hub_bench ${program})
  endif()
endforeach()

if(TARGET lesson_07_hub_hub)
  add_test(NAME bench.hub_load
           COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/hub_load_test.py
                   ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} ${PROJECT_BINARY_DIR}/lessons)
  add_test(NAME bench.hub_idle
           COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/hub_idle_test.py
                   ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} $<TARGET_FILE:lesson_07_hub_hub>)
  set_tests_properties(bench.hub_load bench.hub_idle PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
  if(WSKIT_SANITIZE) # a thread takes far more there
    set_tests_properties(bench.hub_idle PROPERTIES ENVIRONMENT "CONNECTIONS=500")
  endif()
endif()
