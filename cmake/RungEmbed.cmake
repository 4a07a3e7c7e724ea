# rung_embed(target file symbol): compiles the bytes of `file` into `target`, which then defines
#   namespace rung { std::string_view symbol(); }
# Declare that function where it is used. The file is read at build time: changing it rebuilds the target.
set(RUNG_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_file.cmake)

function(rung_embed target file symbol)
  get_filename_component(input ${file} ABSOLUTE)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DSYMBOL=${symbol} -P ${RUNG_EMBED_SCRIPT}
    DEPENDS ${input} ${RUNG_EMBED_SCRIPT} COMMENT "Embedding ${file}" VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
