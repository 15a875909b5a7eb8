// The text form of schedules:
//
//   schedule grid {
//     role block threads 128 registers 255
//     loop "k" {
//       op "Copy A -> A_shared" role block stage 0 order 0 atom "cp.async.16" note ""
//       channel "A_shared" depth 3
//     }
//   }
#include "cc/ir/expr_printer.h"
#include "cc/ir/lexer.h"
#include "cc/ir/schedule.h"

namespace tilescale::ir {
namespace {

std::string LoopText(const LoopPlan& loop) {
  std::string text = "  loop " + Quoted(loop->loop) + " {\n";
  for (const OperatorPlan& op : loop->operators) {
    text += "    op " + Quoted(op->label) + " role " + std::string(op->role) + " stage " +
            std::to_string(op->stage) + " order " + std::to_string(op->order);
    if (!op->atom.empty()) text += " atom " + Quoted(op->atom);
    if (!op->note.empty()) text += " note " + Quoted(op->note);
    text += '\n';
  }
  for (const ChannelPlan& channel : loop->channels) {
    text += "    channel " + Quoted(channel->buffer) + " depth " + std::to_string(channel->depth) +
            "\n";
  }
  return text + "  }\n";
}

class ScheduleParser {
 public:
  explicit ScheduleParser(const std::string& text) : lex_(text) {}

  Schedule Parse() {
    lex_.Expect("schedule");
    std::string tiles = Name("how the grid is walked");
    lex_.Expect("{");
    ffi::Array<Role> roles;
    ffi::Array<LoopPlan> loops;
    while (lex_.Accept("role")) roles.push_back(ParseRole());
    while (lex_.Accept("loop")) loops.push_back(ParseLoop());
    lex_.Expect("}");
    if (lex_.Peek().kind != TokenKind::kEnd) lex_.Fail("the end of the schedule");
    return Schedule(tiles, roles, loops);
  }

 private:
  std::string Name(const char* what) { return lex_.Take(TokenKind::kName, what); }
  std::string String(const char* what) { return lex_.Take(TokenKind::kString, what); }
  int64_t Number(const char* key) {
    lex_.Expect(key);
    return std::stoll(lex_.Take(TokenKind::kNumber, "a number"));
  }

  Role ParseRole() {
    std::string name = Name("the role's name");
    int64_t threads = Number("threads");
    return Role(name, threads, Number("registers"));
  }

  LoopPlan ParseLoop() {
    std::string name = String("the loop's quoted name");
    ffi::Array<OperatorPlan> operators;
    ffi::Array<ChannelPlan> channels;
    lex_.Expect("{");
    while (lex_.Accept("op")) operators.push_back(ParseOperator());
    while (lex_.Accept("channel")) {
      std::string buffer = String("the buffer's quoted name");
      channels.push_back(ChannelPlan(buffer, Number("depth")));
    }
    lex_.Expect("}");
    return LoopPlan(name, operators, channels);
  }

  OperatorPlan ParseOperator() {
    std::string label = String("a quoted label");
    lex_.Expect("role");
    std::string role = Name("the role's name");
    int64_t stage = Number("stage");
    int64_t order = Number("order");
    std::string atom = lex_.Accept("atom") ? String("a quoted atom") : "";
    std::string note = lex_.Accept("note") ? String("a quoted note") : "";
    return OperatorPlan(label, role, stage, order, atom, note);
  }

  Lexer lex_;
};

}  // namespace

std::string Schedule::ToString() const {
  std::string text = "schedule " + std::string(get()->tiles) + " {\n";
  for (const Role& role : get()->roles) {
    text += "  role " + std::string(role->name) + " threads " + std::to_string(role->threads) +
            " registers " + std::to_string(role->registers) + "\n";
  }
  for (const LoopPlan& loop : get()->loops) text += LoopText(loop);
  return text + "}\n";
}

Schedule Schedule::Parse(const std::string& text) { return ScheduleParser(text).Parse(); }

}  // namespace tilescale::ir
