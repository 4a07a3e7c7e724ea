# Language, warnings, sanitizers: one interface target, rung_settings, that every target links.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(RUNG_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, e.g. address,undefined or thread")

add_library(rung_settings INTERFACE)
target_include_directories(rung_settings INTERFACE ${CMAKE_SOURCE_DIR}/src)
# Contraction off: a fused multiply-add where the code has none would make results differ between machines.
target_compile_options(rung_settings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
  -ffp-contract=off -fno-math-errno)
target_compile_definitions(rung_settings INTERFACE RUNG_VERSION="${PROJECT_VERSION}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns of these falsely inside std::string and std::optional (its bugs 105651 and 105562).
  target_compile_options(rung_settings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(RUNG_SANITIZE)
  # -O1 and line tables alone: these builds compile in half the time, and their tests take about as long.
  target_compile_options(rung_settings INTERFACE -O1 -g1 -fsanitize=${RUNG_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(rung_settings INTERFACE -fsanitize=${RUNG_SANITIZE})
endif()

find_program(RUNG_CCACHE ccache)
if(RUNG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RUNG_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${RUNG_CCACHE})
endif()
find_program(RUNG_MOLD mold)
if(RUNG_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
