# rung_module(name [DEPS module...] [LINK target...])
# Makes the static library rung_<name> of a folder's *.cc, and, where there are *_test.cc, the test program <name>_test.
# Files named *_avx2.cc and *_avx512.cc are leaves with instruction-set flags of their own.
set(RUNG_FLAGS_AVX2 -mavx2 -mfma -mf16c -mbmi2)
set(RUNG_FLAGS_AVX512 ${RUNG_FLAGS_AVX2} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni)

function(rung_module name)
  cmake_parse_arguments(M "" "" "DEPS;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM M_DEPS PREPEND rung_)
  if(sources)
    add_library(rung_${name} STATIC ${sources})
    target_link_libraries(rung_${name} PUBLIC rung_settings ${M_DEPS} ${M_LINK})
  else()
    add_library(rung_${name} INTERFACE)
    target_link_libraries(rung_${name} INTERFACE rung_settings ${M_DEPS} ${M_LINK})
  endif()
  foreach(source ${sources})
    if(source MATCHES "_avx2\\.cc$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${RUNG_FLAGS_AVX2}")
    elseif(source MATCHES "_avx512\\.cc$")
      set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${RUNG_FLAGS_AVX512}")
    endif()
    # The encoders' leaves are one template with more lanes: a sanitizer sees all of it in the portable one, and would
    # spend most of its compile time on the others.
    if(RUNG_SANITIZE AND source MATCHES "/encode_[^/]*_avx(2|512)\\.cc$")
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS -O2 -fno-sanitize=all)
    endif()
  endforeach()
  if(RUNG_TESTS AND tests)
    rung_test(${name}_test SOURCES ${tests} LINK rung_${name})
  endif()
endfunction()

# rung_quick_build(target): for what only arranges the work of others, where nothing waits for the code: -O1 compiles a
# quarter faster than -O3.
function(rung_quick_build target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# rung_test(name SOURCES file... [LINK target...] [LABELS label...]): a GoogleTest program known to ctest.
function(rung_test name)
  cmake_parse_arguments(T "" "" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT T_LABELS)
    set(T_LABELS unit)
  endif()
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LINK} rung_settings GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE RUNG_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
    RUNG_SHARED_DIR="${CMAKE_SOURCE_DIR}/../shared")
  target_compile_options(${name} PRIVATE -Wno-conversion)
  rung_quick_build(${name})
  if(RUNG_SANITIZE)  # what a test itself does is not in question, and its macros are slow to compile
    set_property(SOURCE ${T_SOURCES} APPEND PROPERTY COMPILE_OPTIONS -O0 -fno-sanitize=undefined)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  # Pools of two threads: beside another test each would wait for the other's turns on the CPU.
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" PROCESSORS 2)
endfunction()
