# The installed tree: headers, libraries, programs, schemas, and the package that find_package(fast) reads.
include(CMakePackageConfigHelpers)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fast)
set(proto_dir ${CMAKE_INSTALL_DATADIR}/fast/proto)

# Strangers link what the tree links: fast::runtime, fast::plugin, fast::json ...
set_target_properties(fast PROPERTIES EXPORT_NAME runtime)
foreach(name base packet messages services api descriptor json connect page plugin plugin_remote)
    set_target_properties(fast_${name} PROPERTIES EXPORT_NAME ${name})
endforeach()

install(TARGETS fast_base fast fast_packet fast_messages fast_services fast_api fast_descriptor fast_json fast_connect
    fast_page fast_plugin fast_plugin_remote protoc-gen-fast
    EXPORT fastTargets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS fastd fastctl fastprof RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY runtime/include/ plugin-sdk/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_BINARY_DIR}/proto/generated/fast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
install(DIRECTORY proto/fast DESTINATION ${proto_dir} FILES_MATCHING PATTERN "*.proto")
install(EXPORT fastTargets NAMESPACE fast:: DESTINATION ${config_dir})

configure_package_config_file(cmake/fastConfig.cmake.in ${PROJECT_BINARY_DIR}/fastConfig.cmake
    INSTALL_DESTINATION ${config_dir} PATH_VARS proto_dir)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/fastConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fastConfig.cmake ${PROJECT_BINARY_DIR}/fastConfigVersion.cmake
    cmake/FastGenerate.cmake DESTINATION ${config_dir})
