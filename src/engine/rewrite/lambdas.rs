//! `list_transform(tags, x -> upper(x))`: functions of functions.
//!
//! Outside of such a call `->` takes a part of a JSON text, so the parser reads every arrow as that.
//! Within one, an arrow behind a name, or behind names in parentheses, begins a function.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, LambdaFunction, LambdaFunctionParameter, LambdaSyntax, ObjectNamePart,
    OneOrManyWithParens, UnaryOperator, Value, VisitMut, VisitorMut,
};

/// What is made of the function that is passed, and of the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turned {
    Not,
    /// `none_match` is true where `any_match` is not.
    Outside,
    /// `all_match` is true where no element is one that does not.
    Both,
}

/// The names of DuckDB, Trino and Spark, each with DataFusion's.
const FUNCTIONS: &[(&str, &str, Turned)] = &[
    ("all_match", "array_any_match", Turned::Both),
    ("any_match", "array_any_match", Turned::Not),
    ("array_any_match", "array_any_match", Turned::Not),
    ("array_apply", "array_transform", Turned::Not),
    ("array_filter", "array_filter", Turned::Not),
    ("array_first", "array_first", Turned::Not),
    ("array_transform", "array_transform", Turned::Not),
    ("filter", "array_filter", Turned::Not),
    ("forall", "array_any_match", Turned::Both),
    ("list_any_match", "array_any_match", Turned::Not),
    ("list_apply", "array_transform", Turned::Not),
    ("list_filter", "array_filter", Turned::Not),
    ("list_first", "array_first", Turned::Not),
    ("list_transform", "array_transform", Turned::Not),
    ("none_match", "array_any_match", Turned::Outside),
    ("transform", "array_transform", Turned::Not),
];

/// The functions with their arguments and what they do, for `SHOW FUNCTIONS`.
pub(in crate::engine) fn listed() -> impl Iterator<Item = [String; 4]> {
    FUNCTIONS.iter().map(|(name, ours, turned)| {
        let about = match (*ours, turned) {
            (_, Turned::Outside) => "whether no element meets the condition",
            (_, Turned::Both) => "whether every element meets the condition",
            ("array_any_match", Turned::Not) => "whether an element meets the condition",
            ("array_filter", _) => "the elements that meet the condition",
            ("array_first", _) => "the first element that meets the condition",
            _ => "a list of what the function makes of each element",
        };
        let usage = match *ours {
            "array_transform" => format!("{name}(list, x -> x + 1)"),
            _ => format!("{name}(list, x -> x > 1)"),
        };
        [(*name).to_owned(), "scalar".to_owned(), usage, about.to_owned()]
    })
}

/// Writes the arrows of a call as functions.
pub(super) fn mend(expr: &mut Expr) {
    let Expr::Function(call) = expr else { return };
    let [ObjectNamePart::Identifier(ident)] = call.name.0.as_slice() else { return };
    let typed = ident.value.to_ascii_lowercase();
    let Some((_, ours, turned)) = FUNCTIONS.iter().find(|(name, ..)| *name == typed) else {
        return;
    };
    let mut found = false;
    for argument in arguments(call).iter_mut().skip(1) {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument else { continue };
        let Some(mut lambda) = lambda(argument) else { continue };
        if *turned == Turned::Both {
            lambda.body = Box::new(not(*lambda.body));
        }
        *argument = Expr::Lambda(lambda);
        found = true;
    }
    // Without a function it may be somebody else's.
    if !found {
        return;
    }
    if let [ObjectNamePart::Identifier(ident)] = call.name.0.as_mut_slice() {
        (*ours).clone_into(&mut ident.value);
    }
    if *turned != Turned::Not {
        *expr = not(expr.clone());
    }
}

fn arguments(call: &mut Function) -> &mut [FunctionArg] {
    match &mut call.args {
        FunctionArguments::List(list) => &mut list.args,
        _ => &mut [],
    }
}

fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

/// An argument as a function. What binds less tightly than an arrow, `x -> a AND b`, stands above it
/// in the tree: the arrow is the first of the operators on the left side.
fn lambda(argument: &Expr) -> Option<LambdaFunction> {
    let mut body = argument.clone();
    let mut place = &mut body;
    let params = loop {
        match place {
            Expr::BinaryOp { left, op: BinaryOperator::Arrow, right }
                if let Some(params) = parameters(left) =>
            {
                let right = std::mem::replace(right.as_mut(), Expr::value(Value::Null));
                *place = right;
                break params;
            }
            Expr::BinaryOp { left, .. } => place = left,
            _ => return None,
        }
    };
    let names = params.iter().map(|parameter| &parameter.name).cloned().collect();
    // The visitor never breaks off.
    let _ = VisitMut::visit(&mut body, &mut Fields { names });
    Some(LambdaFunction { params, body: Box::new(body), syntax: LambdaSyntax::Arrow })
}

/// Writes `s.a` of a parameter as a field of a value, not as a column of a table.
struct Fields {
    names: Vec<Ident>,
}

impl VisitorMut for Fields {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let Expr::CompoundIdentifier(parts) = &*expr else { return ControlFlow::Continue(()) };
        let Some((first, fields)) = parts.split_first() else { return ControlFlow::Continue(()) };
        if self.names.iter().any(|name| name.value.eq_ignore_ascii_case(&first.value)) {
            let field = |field: &Ident| {
                AccessExpr::Dot(Expr::value(Value::SingleQuotedString(field.value.clone())))
            };
            *expr = Expr::CompoundFieldAccess {
                root: Box::new(Expr::Identifier(first.clone())),
                access_chain: fields.iter().map(field).collect(),
            };
        }
        ControlFlow::Continue(())
    }
}

fn parameters(typed: &Expr) -> Option<OneOrManyWithParens<LambdaFunctionParameter>> {
    let parameter = |expr: &Expr| match expr {
        Expr::Identifier(name @ Ident { .. }) => {
            Some(LambdaFunctionParameter { name: name.clone(), data_type: None })
        }
        _ => None,
    };
    match typed {
        Expr::Identifier(_) => parameter(typed).map(OneOrManyWithParens::One),
        Expr::Nested(inner) => parameter(inner).map(OneOrManyWithParens::One),
        Expr::Tuple(items) => {
            items.iter().map(parameter).collect::<Option<_>>().map(OneOrManyWithParens::Many)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::execution::session_state::SessionStateBuilder;

    use super::*;
    use crate::engine::rewrite::template;

    #[test]
    fn every_function_that_takes_functions_is_known() {
        let builder = SessionStateBuilder::new_with_default_features();
        let state = crate::engine::state::extend(builder);
        for name in state.higher_order_functions().keys() {
            assert!(FUNCTIONS.iter().any(|(known, ..)| known == name), "{name} is not known");
        }
    }

    fn mended(sql: &str) -> String {
        let mut expr = template::plain_expr(sql).unwrap();
        mend(&mut expr);
        expr.to_string()
    }

    #[test]
    fn arrows_become_functions() {
        for (typed, meant) in [
            ("list_transform(a, x -> x + 1)", "array_transform(a, x -> x + 1)"),
            ("filter(a, x -> x > 1 AND b OR c)", "array_filter(a, x -> x > 1 AND b OR c)"),
            ("any_match(a, (x) -> x IS NULL)", "array_any_match(a, x -> x IS NULL)"),
            ("transform(a, (x, i) -> x * i)", "array_transform(a, (x, i) -> x * i)"),
            ("none_match(a, x -> x = 1)", "NOT (array_any_match(a, x -> x = 1))"),
            ("all_match(a, x -> x = 1)", "NOT (array_any_match(a, x -> NOT (x = 1)))"),
            ("list_filter(j -> 'a', x -> x -> 'b')", "array_filter(j -> 'a', x -> x -> 'b')"),
        ] {
            assert_eq!(mended(typed), meant, "{typed}");
        }
    }

    #[test]
    fn other_arrows_stay() {
        for typed in ["coalesce(a, j -> 'b')", "list_filter(a, 'x' -> 'b')", "j -> 'a'"] {
            assert_eq!(mended(typed), typed);
        }
    }
}
