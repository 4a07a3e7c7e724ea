#include "tasks/cruxeval_prompts.h"

#include <fmt/format.h>

namespace rung {

std::string cruxeval_output_prompt(std::string_view code, std::string_view input) {
  return fmt::format(
      "You are given a Python function and an assertion containing an input to the function. Complete t"
      "he assertion with a literal (no unsimplified expressions, no function calls) containing the outp"
      "ut when executing the provided code on the given input, even if the function is incorrect or inc"
      "omplete. Do NOT output any extra information. Provide the full assertion with the correct output"
      " in [ANSWER] and [/ANSWER] tags, following the examples.\n"
      "\n"
      "[PYTHON]\n"
      "def f(n):\n"
      "    return n\n"
      "assert f(17) == ?\?\n"
      "[/PYTHON]\n"
      "[ANSWER]\n"
      "assert f(17) == 17\n"
      "[/ANSWER]\n"
      "\n"
      "[PYTHON]\n"
      "def f(s):\n"
      "    return s + \"a\"\n"
      "assert f(\"x9j\") == ?\?\n"
      "[/PYTHON]\n"
      "[ANSWER]\n"
      "assert f(\"x9j\") == \"x9ja\"\n"
      "[/ANSWER]\n"
      "\n"
      "[PYTHON]\n"
      "{}\n"
      "assert f({}) == ?\?\n"
      "[/PYTHON]\n"
      "[ANSWER]\n",
      code, input);
}

std::string cruxeval_input_prompt(std::string_view code, std::string_view output) {
  return fmt::format(
      "You will be given a function f and an output in the form f(?\?) == output. Find any input such th"
      "at executing f on the input leads to the given output. There may be multiple answers, but you sh"
      "ould only output one. In [ANSWER] and [/ANSWER] tags, complete the assertion with one such input"
      " that will produce the output when executing the function.\n"
      "\n"
      "[PYTHON]\n"
      "def f(my_list):\n"
      "    count = 0\n"
      "    for i in my_list:\n"
      "        if len(i) % 2 == 0:\n"
      "            count += 1\n"
      "    return count\n"
      "assert f(?\?) == 3\n"
      "[/PYTHON]\n"
      "[ANSWER]\n"
      "assert f([\"mq\", \"px\", \"zy\"]) == 3\n"
      "[/ANSWER]\n"
      "\n"
      "[PYTHON]\n"
      "def f(s1, s2):\n"
      "    return s1 + s2\n"
      "assert f(?\?) == \"banana\"\n"
      "[/PYTHON]\n"
      "[ANSWER]\n"
      "assert f(\"ba\", \"nana\") == \"banana\"\n"
      "[/ANSWER]\n"
      "\n"
      "[PYTHON]\n"
      "{}\n"
      "assert f(?\?) == {}\n"
      "[/PYTHON]\n"
      "[ANSWER]\n",
      code, output);
}

}  // namespace rung
