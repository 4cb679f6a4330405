# SPDX-License-Identifier: Apache-2.0
# The program, its manual page and schemas; and for other projects qbound::qbound, which stands for all libraries of src/.
include(CMakePackageConfigHelpers)

set(qbound_modules core loader network quantize norms bounds measure decide report)

# Within this project the libraries link their dependencies by $<BUILD_INTERFACE:…>. They are static, so whoever links the installed
# ones needs the same dependencies: each is handed on as a link requirement, which qboundConfig.cmake finds.
foreach(module ${qbound_modules})
  get_target_property(links qbound_${module} LINK_LIBRARIES)
  foreach(link ${links})
    if(link MATCHES "^\\$<BUILD_INTERFACE:([A-Za-z0-9_]+::[A-Za-z0-9_-]+)>$")
      target_link_libraries(qbound_${module} INTERFACE $<INSTALL_INTERFACE:$<LINK_ONLY:${CMAKE_MATCH_1}>>)
    endif()
  endforeach()
  set_target_properties(qbound_${module} PROPERTIES EXPORT_NAME ${module})
endforeach()

add_library(qbound_all INTERFACE)
set_target_properties(qbound_all PROPERTIES EXPORT_NAME qbound)
list(TRANSFORM qbound_modules PREPEND qbound_ OUTPUT_VARIABLE qbound_libraries)
target_link_libraries(qbound_all INTERFACE ${qbound_libraries})
target_compile_features(qbound_all INTERFACE cxx_std_20)
add_library(qbound::qbound ALIAS qbound_all)

install(TARGETS qbound RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS qbound_all ${qbound_libraries} EXPORT qboundTargets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/qbound DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES docs/qbound.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES docs/report.schema.json docs/measure.schema.json docs/compare.schema.json docs/allocate.schema.json
        DESTINATION "${CMAKE_INSTALL_DATADIR}/qbound")

set(qbound_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/qbound")
install(EXPORT qboundTargets NAMESPACE qbound:: DESTINATION "${qbound_config_dir}")
configure_package_config_file(cmake/qboundConfig.cmake.in "${PROJECT_BINARY_DIR}/qboundConfig.cmake"
                              INSTALL_DESTINATION "${qbound_config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/qboundConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/qboundConfig.cmake" "${PROJECT_BINARY_DIR}/qboundConfigVersion.cmake"
        DESTINATION "${qbound_config_dir}")
