#include "plan/quality_tables.h"

#include <array>

namespace rung {
namespace {

constexpr std::string_view kLlamaCpp = "llama.cpp tools/perplexity/README.md";

// With an importance matrix where the page has one.
constexpr std::array kLlama3 = {
    PublishedPoint{"q8_0", 7.96, 0.001355},    PublishedPoint{"q6_k", 6.14, 0.005452},
    PublishedPoint{"q5_1", 5.65, 0.018045},    PublishedPoint{"q5_k_m", 5.33, 0.010762},
    PublishedPoint{"q5_k_s", 5.21, 0.016595},  PublishedPoint{"q5_0", 5.21, 0.022239},
    PublishedPoint{"q4_1", 4.78, 0.071683},    PublishedPoint{"q4_k_m", 4.58, 0.028152},
    PublishedPoint{"q4_k_s", 4.37, 0.031951},  PublishedPoint{"iq4_nl", 4.35, 0.035742},
    PublishedPoint{"q4_0", 4.34, 0.071940},    PublishedPoint{"iq4_xs", 4.14, 0.036334},
    PublishedPoint{"q3_k_l", 4.03, 0.073077},  PublishedPoint{"q3_k_m", 3.74, 0.084358},
    PublishedPoint{"iq3_m", 3.53, 0.102534},   PublishedPoint{"iq3_s", 3.42, 0.111278},
    PublishedPoint{"q3_k_s", 3.41, 0.199821},  PublishedPoint{"iq3_xs", 3.28, 0.138693},
    PublishedPoint{"iq3_xxs", 3.05, 0.183625}, PublishedPoint{"q2_k", 2.96, 0.332223},
    PublishedPoint{"q2_k_s", 2.96, 0.403360},  PublishedPoint{"iq2_m", 2.74, 0.325989},
    PublishedPoint{"iq2_s", 2.56, 0.439197},   PublishedPoint{"iq2_xs", 2.43, 0.546290},
    PublishedPoint{"iq2_xxs", 2.24, 0.812022}, PublishedPoint{"iq1_m", 2.01, 1.393084},
    PublishedPoint{"iq1_s", 1.88, 2.254554},
};

constexpr std::array kLlama2Large = {
    PublishedPoint{"q6_k", 52.70, 0.0016},   PublishedPoint{"q5_k_m", 45.41, 0.0040},
    PublishedPoint{"q5_k_s", 44.20, 0.0050}, PublishedPoint{"q5_0", 44.20, 0.0126},
    PublishedPoint{"q4_1", 40.20, 0.0237},   PublishedPoint{"q4_k_m", 38.54, 0.0120},
    PublishedPoint{"q4_k_s", 36.39, 0.0157}, PublishedPoint{"q4_0", 36.20, 0.0361},
    PublishedPoint{"q3_k_l", 33.67, 0.0380}, PublishedPoint{"q3_k_m", 30.83, 0.0472},
    PublishedPoint{"q3_k_s", 27.86, 0.0789}, PublishedPoint{"q2_k", 27.27, 0.0882},
};

constexpr std::array kCurves = {
    PublishedCurve{"Llama-2-70B", 68.98e9, 30e9, true, kLlamaCpp, kLlama2Large},
    PublishedCurve{"Llama-3-8B", 8.03e9, 0, false, kLlamaCpp, kLlama3},
};

constexpr std::string_view kExl3 = "exllamav3 doc (EXL3, better than others at these bits)",
                           kQuantCall = "QuantCall, BFCL v4, n = 200 x 3";
constexpr std::string_view kSizes = "arXiv 2409.11055", kMath = "arXiv 2501.03035 and 2505.11574";
constexpr std::string_view kQwen3 = "arXiv 2505.02214", kReasoning = "arXiv 2504.04823";

constexpr std::array kLosses = {
    PublishedLoss{0, 1000, 7.5, 9, "knowledge and choice", 0, "8 bit is lossless on Qwen3", kQwen3},
    PublishedLoss{1.5, 1000, 7.5, 9, "reasoning", 0, "8 bit is lossless for reasoning models", kReasoning},
    PublishedLoss{30, 1000, 4, 5, "knowledge and choice", -0.015, "70B loses less than 1.5 % at 4 bit", kSizes},
    PublishedLoss{0, 1.5, 4, 5, "knowledge and choice", -0.12, "1B loses more than 12 % at 4 bit", kSizes},
    PublishedLoss{1, 80, 3.9, 4.6, "math", -0.113, "Llama-3 at 4 bit (AWQ, GPTQ): MATH 11.3 % on average", kMath},
    PublishedLoss{0, 1, 4, 5, "tools", -0.029, "Qwen3-0.6B Q4_K_M: calling reliability .822 to .798, significant",
                  kQuantCall},
    PublishedLoss{1, 3, 4, 5, "tools", 0, "Qwen3-1.7B Q4: calling reliability .842 to .844", kQuantCall},
    PublishedLoss{4, 15, 2.75, 3.25, "code", -0.06, "Llama-3.1-8B at 3.0 bits: HumanEval -6 %", kExl3},
    PublishedLoss{4, 15, 2.25, 2.75, "code", -0.18, "Llama-3.1-8B at 2.5 bits: HumanEval -18 %", kExl3},
    PublishedLoss{4, 15, 1.75, 2.25, "code", -0.41, "Llama-3.1-8B at 2.0 bits: HumanEval -41 %", kExl3},
    PublishedLoss{0, 2, 2.75, 3.25, "code", -0.31, "Llama-3.2-1B at 3.0 bits: HumanEval -31 %", kExl3},
    PublishedLoss{0, 2, 1.75, 2.25, "code", -0.77, "Llama-3.2-1B at 2.0 bits: HumanEval -77 %", kExl3},
};

}  // namespace

std::span<const PublishedCurve> published_curves() { return kCurves; }
std::span<const PublishedLoss> published_losses() { return kLosses; }

}  // namespace rung
