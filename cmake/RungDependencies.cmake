# Every library comes from Debian through scripts/setup.sh; a missing one names that script.
function(rung_need)
  find_package(${ARGN})
  if(NOT ${ARGV0}_FOUND)
    message(FATAL_ERROR "${ARGV0} was not found. Run scripts/setup.sh once: it installs every package Rung needs.")
  endif()
endfunction()

rung_need(Threads)
find_package(PkgConfig REQUIRED)  # here, not in a function: pkg_check_modules needs its variables
rung_need(fmt 9.0 QUIET)
rung_need(tl-expected 1.0 QUIET)
rung_need(nlohmann_json 3.11 QUIET)
rung_need(CLI11 2.1 QUIET)
rung_need(Eigen3 3.4 QUIET NO_MODULE)
rung_need(ZLIB QUIET)
find_library(RUNG_CLD2 cld2)  # Debian's has neither a CMake nor a pkg-config file
if(NOT RUNG_CLD2)
  message(FATAL_ERROR "CLD2 was not found. Run scripts/setup.sh once: it installs every package Rung needs.")
endif()
rung_need(SQLiteCpp 3.2 QUIET)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)  # Debian compiles it: its flags say so
if(RUNG_TESTS OR NOT DEFINED RUNG_TESTS)
  rung_need(GTest 1.12 QUIET)
endif()
