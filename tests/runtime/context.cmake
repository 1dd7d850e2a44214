# What travels with a call, and who looks at it.
fast_test(runtime/test_trace LIBS fast_internal)
foreach(module metadata metadata_rules metadata_peer nested client_interceptor fault)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
foreach(module nested_real fault_real)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe
        SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
endforeach()
fast_test(runtime/test_interceptor LIBS fast_internal fast_test_flow fast_test_probe SOURCES ${flow_world})
