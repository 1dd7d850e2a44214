# The node's tests, and the worlds that they build.
set(node_worlds knob_world.c node_world.c raw_plugin.c raw_world.c store_world.c)
list(TRANSFORM node_worlds PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
foreach(module attempts leases packet_check param_check registry seconds spans window window_summary window_ticks)
    fast_test(controller/test_${module} LIBS fastd_core)
endforeach()
foreach(module closer entrance node node_bounds node_claims node_exemplars node_faults node_hostile node_knobs node_leases node_params node_plugins node_ties overflow session session_again session_declare store store_broken
               store_crash store_disk store_note store_samples)
    fast_test(controller/test_${module} LIBS fastd_core fast::plugin SOURCES ${node_worlds})
endforeach()
foreach(module knob_faults knob_model)
    fast_test(controller/test_${module} LIBS fastd_core fast::plugin
        SOURCES ${node_worlds} ${CMAKE_CURRENT_SOURCE_DIR}/knob_life.c
                ${CMAKE_CURRENT_SOURCE_DIR}/knob_model.c ${CMAKE_CURRENT_SOURCE_DIR}/knob_model_lease.c)
endforeach()
foreach(module node_ended node_ended_faults)
    fast_test(controller/test_${module} LIBS fastd_core fast::plugin
        SOURCES ${node_worlds} ${CMAKE_CURRENT_SOURCE_DIR}/ended_world.c)
endforeach()
foreach(module store_upgrade store_upgrade_broken)
    fast_test(controller/test_${module} LIBS fastd_core fast::plugin
        SOURCES ${node_worlds} ${CMAKE_CURRENT_SOURCE_DIR}/older_store.c
                ${CMAKE_CURRENT_SOURCE_DIR}/fault_vfs.c)
endforeach()
foreach(module store_durable store_io)
    fast_test(controller/test_${module} LIBS fastd_core fast::plugin
        SOURCES ${node_worlds} ${CMAKE_CURRENT_SOURCE_DIR}/fault_vfs.c)
endforeach()
fast_test(controller/test_store_renewed LIBS fastd_core fast::plugin
    SOURCES ${node_worlds} ${CMAKE_CURRENT_SOURCE_DIR}/ended_world.c
            ${CMAKE_CURRENT_SOURCE_DIR}/fault_vfs.c)
