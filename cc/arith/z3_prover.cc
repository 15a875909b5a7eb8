#include "cc/arith/z3_prover.h"

#include <cstring>

#include "cc/arith/z3_encode.h"

namespace tilescale::arith {

using ir::Expr;

namespace {

/// Errors are looked up by code after each question; the default handler would end the process.
void IgnoreError(Z3_context, Z3_error_code) {}

Z3_context NewContext(const Z3Api* z3) {
  Z3_config config = z3->Z3_mk_config();
  Z3_context context = z3->Z3_mk_context(config);
  z3->Z3_del_config(config);
  z3->Z3_set_error_handler(context, IgnoreError);
  return context;
}

}  // namespace

void Z3Prover::Drop() {
  if (context_) z3_->Z3_del_context(context_);
  context_ = nullptr;
  total_ = 0;
}

uint32_t Z3Prover::CountOf(Z3_solver solver) {
  Z3_stats stats = z3_->Z3_solver_get_statistics(context_, solver);
  z3_->Z3_stats_inc_ref(context_, stats);
  uint32_t count = 0;
  for (unsigned i = 0; i < z3_->Z3_stats_size(context_, stats); ++i) {
    bool wanted = std::strcmp(z3_->Z3_stats_get_key(context_, stats, i), "rlimit count") == 0;
    if (wanted) count = z3_->Z3_stats_get_uint_value(context_, stats, i);
  }
  z3_->Z3_stats_dec_ref(context_, stats);
  return count;
}

bool Z3Prover::Ask(const Expr& cond, Analyzer* analyzer, uint32_t rlimit) {
  fresh_ = context_ == nullptr;
  if (fresh_) context_ = NewContext(z3_);
  Z3_solver solver = z3_->Z3_mk_simple_solver(context_);
  z3_->Z3_solver_inc_ref(context_, solver);
  Z3_params params = z3_->Z3_mk_params(context_);
  z3_->Z3_params_inc_ref(context_, params);
  auto set = [&](const char* key, unsigned value) {
    z3_->Z3_params_set_uint(context_, params, z3_->Z3_mk_string_symbol(context_, key), value);
  };
  set("rlimit", rlimit);
  set("random_seed", 0);
  z3_->Z3_solver_set_params(context_, solver, params);
  z3_->Z3_params_dec_ref(context_, params);

  Z3Encoder encoder(z3_, context_, analyzer);
  for (const Sum& sum : analyzer->facts().non_negative) {
    z3_->Z3_solver_assert(context_, solver, encoder.NonNegative(sum));
  }
  for (const Expr& fact : analyzer->facts().conditions) {
    z3_->Z3_solver_assert(context_, solver, encoder.Boolean(fact));
  }
  z3_->Z3_solver_assert(context_, solver, z3_->Z3_mk_not(context_, encoder.Boolean(cond)));
  for (Z3_ast definition : encoder.definitions()) {
    z3_->Z3_solver_assert(context_, solver, definition);
  }
  bool proved = z3_->Z3_solver_check(context_, solver) == Z3_L_FALSE &&
                z3_->Z3_get_error_code(context_) == Z3_OK;
  uint32_t count = CountOf(solver);
  used_ = count - total_;
  total_ = count;
  z3_->Z3_solver_dec_ref(context_, solver);
  return proved;
}

bool Z3Prover::Prove(const Expr& cond, Analyzer* analyzer, uint32_t rlimit) {
  bool proved = Ask(cond, analyzer, rlimit);
  if (used_ > rlimit / 2 && !fresh_) {
    Drop();
    proved = Ask(cond, analyzer, rlimit);
  }
  return proved;
}

}  // namespace tilescale::arith
