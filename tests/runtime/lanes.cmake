# The connection: keepalive, lanes, fragments, draining.
foreach(module keepalive)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${rpc_world})
endforeach()
