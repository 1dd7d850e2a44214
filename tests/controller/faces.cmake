# The outer half of fastd. Fakes stand for the node and for the runtime where a test wants to see
# what is asked of them.
set(faces ${PROJECT_SOURCE_DIR}/tests/controller)
fast_test(controller/test_help LIBS fastd_core)
fast_test(controller/test_nearest LIBS fastd_core)
fast_test(controller/test_config LIBS fastd_core)
fast_test(controller/test_fastd_options LIBS fastd_core)
fast_test(controller/test_accept LIBS fastd_core)
fast_test(controller/test_convert LIBS fastd_core m SOURCES ${faces}/fake_node.c)
fast_test(controller/test_openmetrics LIBS fastd_core m SOURCES ${faces}/fake_node.c)
fast_test(controller/test_role LIBS fastd_core)
fast_test(controller/test_guard LIBS fastd_core)
fast_test(controller/test_socket_path LIBS fastd_core)
fast_test(controller/test_remote_page LIBS fastd_core fast::plugin)
fast_test(controller/test_openmetrics_exemplars LIBS fastd_core m)
fast_test(controller/test_openmetrics_labels LIBS fastd_core m)
fast_test(controller/test_watch LIBS fastd_core
    SOURCES ${faces}/fake_node.c ${faces}/fake_runtime.c)
fast_test(controller/test_watch_from LIBS fastd_core
    SOURCES ${faces}/fake_node.c ${faces}/fake_runtime.c)
fast_test(controller/test_http LIBS fastd_core SOURCES ${faces}/fake_node.c)
foreach(module api api_change api_knob)
    fast_test(controller/test_${module} LIBS fastd_core
        SOURCES ${faces}/fake_node.c ${faces}/fake_runtime.c ${faces}/api_world.c)
endforeach()
fast_test(controller/test_fastd LIBS fastd_core)
