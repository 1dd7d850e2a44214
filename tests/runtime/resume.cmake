# Streams that outlive their connections, that may lose items, and that wait for their readers.
set(resume_world ${rpc_world} ${PROJECT_SOURCE_DIR}/tests/runtime/resume_world.c)

foreach(module rpc_resume rpc_resume_faults rpc_resume_moves rpc_lossy)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_probe SOURCES ${resume_world})
endforeach()
fast_test(runtime/test_rpc_wait LIBS fast_internal fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)

# A feed, and those who follow it.
fast_generate(TARGET fast_test_journal
    PROTOS testing/v1/journal.proto IMPORT_DIRS ${PROJECT_SOURCE_DIR}/tests/runtime/proto)
foreach(module feed feed_limits feed_soak)
    fast_test(runtime/test_${module} LIBS fast_internal fast_test_journal fast_test_probe
        SOURCES ${rpc_world} ${PROJECT_SOURCE_DIR}/tests/runtime/feed_world.c)
endforeach()
fast_test(runtime/test_feed_ipc LIBS fast_internal fast_test_journal fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/rpc_real.c)

# Publishers and subscribers.
fast_test(runtime/test_topics LIBS fast_internal)
fast_test(runtime/test_subscriber LIBS fast_internal fast_test_probe
    SOURCES ${PROJECT_SOURCE_DIR}/tests/runtime/subscriber_world.c)
fast_tls_test(runtime/test_subscriber_real fast_test_probe)
