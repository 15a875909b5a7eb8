#ifndef TILESCALE_CC_ARITH_Z3_API_H_
#define TILESCALE_CC_ARITH_Z3_API_H_

#include <z3.h>

#include <string>

namespace tilescale::arith {

/// The functions of Z3's C interface that the prover calls.
#define TILESCALE_Z3_FUNCTIONS(F) \
  F(Z3_get_full_version)          \
  F(Z3_mk_config)                 \
  F(Z3_del_config)                \
  F(Z3_mk_context)                \
  F(Z3_del_context)               \
  F(Z3_set_error_handler)         \
  F(Z3_get_error_code)            \
  F(Z3_mk_string_symbol)          \
  F(Z3_mk_int_symbol)             \
  F(Z3_mk_int_sort)               \
  F(Z3_mk_bool_sort)              \
  F(Z3_mk_const)                  \
  F(Z3_mk_numeral)                \
  F(Z3_mk_true)                   \
  F(Z3_mk_false)                  \
  F(Z3_mk_add)                    \
  F(Z3_mk_sub)                    \
  F(Z3_mk_mul)                    \
  F(Z3_mk_div)                    \
  F(Z3_mk_mod)                    \
  F(Z3_mk_lt)                     \
  F(Z3_mk_le)                     \
  F(Z3_mk_eq)                     \
  F(Z3_mk_not)                    \
  F(Z3_mk_and)                    \
  F(Z3_mk_or)                     \
  F(Z3_mk_ite)                    \
  F(Z3_mk_implies)                \
  F(Z3_mk_simple_solver)          \
  F(Z3_solver_inc_ref)            \
  F(Z3_solver_dec_ref)            \
  F(Z3_solver_set_params)         \
  F(Z3_solver_assert)             \
  F(Z3_solver_check)              \
  F(Z3_solver_get_statistics)     \
  F(Z3_stats_inc_ref)             \
  F(Z3_stats_dec_ref)             \
  F(Z3_stats_size)                \
  F(Z3_stats_get_key)             \
  F(Z3_stats_is_uint)             \
  F(Z3_stats_get_uint_value)      \
  F(Z3_mk_params)                 \
  F(Z3_params_inc_ref)            \
  F(Z3_params_dec_ref)            \
  F(Z3_params_set_uint)

/// Z3, loaded when it is first needed: loading takes 2 ms from memory and 30 ms from disk, which a
/// compile that never asks Z3 does not pay.
struct Z3Api {
#define TILESCALE_Z3_FIELD(name) decltype(&::name) name = nullptr;
  TILESCALE_Z3_FUNCTIONS(TILESCALE_Z3_FIELD)
#undef TILESCALE_Z3_FIELD
};

/// Null where there is no usable library: the prover then answers "unknown" more often. The file is
/// named by the global function `tilescale.arith.FindZ3`, which Python registers.
const Z3Api* LoadZ3();
/// "Z3 5.4.0 ...", or empty.
std::string Z3Version();

}  // namespace tilescale::arith

#endif  // TILESCALE_CC_ARITH_Z3_API_H_
