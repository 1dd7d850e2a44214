# The connection: keepalive, lanes, fragments, draining.
foreach(module keepalive drain limits)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
foreach(module fragment window)
    fast_test(runtime/test_${module} LIBS fast_internal)
endforeach()
fast_test(runtime/test_slow_link LIBS fast::runtime fast_test_flow fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/slow_link.c
            ${PROJECT_SOURCE_DIR}/tests/runtime/flow_real.c)
fast_test(runtime/test_drain_real LIBS fast_internal fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)
