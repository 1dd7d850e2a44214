set(PROF_SOURCES
    aim.c alone.c attach.c cgroup.c chart.c chart_choose.c chart_pareto.c claim.c command.c compare.c frame.c gauges.c gpu.c grid.c main.c markup.c meter.c options.c outputs.c
    proctree.c profile.c profiles.c progress.c repo.c run.c runlog.c sage.c sage_yaml.c small.c source.c stage.c stats.c system.c turn.c visit.c words.c
    write_benchmark.c write_html.c write_junit.c write_report.c write_results.c write_sqlite.c
    write_tables.c)
list(TRANSFORM PROF_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
foreach(name connect goal interrupt message_json process quantity table text value)
    list(APPEND PROF_SOURCES ${CMAKE_CURRENT_LIST_DIR}/../client/${name}.c)
endforeach()
