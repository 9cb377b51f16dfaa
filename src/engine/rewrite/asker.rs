//! `current_user`, `current_schema` and their like: who asks, and where he is.

use datafusion::sql::sqlparser::ast::{Expr, Function, FunctionArguments, Ident, Value};

/// Who asks, and his current catalog and schema.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Asker<'a> {
    /// The user's name.
    pub(in crate::engine) user: &'a str,
    /// The current catalog and schema.
    pub(in crate::engine) home: &'a [String; 2],
}

impl Asker<'_> {
    /// Puts the text in the place of the word.
    pub(super) fn mend(self, expr: &mut Expr) {
        let (word, is_call) = match &*expr {
            Expr::Identifier(ident) => (ident, false),
            Expr::Function(Function { name, args, over: None, .. }) => {
                let is_empty = match args {
                    FunctionArguments::None => true,
                    FunctionArguments::List(list) => list.args.is_empty(),
                    FunctionArguments::Subquery(_) => false,
                };
                match (name.0.as_slice(), is_empty) {
                    ([part], true) if part.as_ident().is_some() => {
                        let Some(ident) = part.as_ident() else { return };
                        (ident, !matches!(args, FunctionArguments::None))
                    }
                    _ => return,
                }
            }
            _ => return,
        };
        let Ident { value, quote_style: None, .. } = word else { return };
        let [catalog, schema] = self.home;
        let text = match value.to_ascii_lowercase().as_str() {
            "current_user" | "session_user" => self.user,
            // Without parentheses it may be a column.
            "user" if is_call => self.user,
            "current_schema" => schema,
            "current_catalog" | "current_database" => catalog,
            _ => return,
        };
        *expr = Expr::value(Value::SingleQuotedString(text.to_owned()));
    }
}
