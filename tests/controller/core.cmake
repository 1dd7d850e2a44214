# The node's tests.
set(node_world ${CMAKE_CURRENT_SOURCE_DIR}/node_world.c)
set(raw_plugin ${CMAKE_CURRENT_SOURCE_DIR}/raw_plugin.c)
foreach(module leases packet_check param_check registry window)
    fast_test(controller/test_${module} LIBS fastd_core)
endforeach()
foreach(module node node_faults node_leases node_params session store store_crash)
    fast_test(controller/test_${module} LIBS fastd_core fast::plugin
        SOURCES ${node_world} ${raw_plugin})
endforeach()
