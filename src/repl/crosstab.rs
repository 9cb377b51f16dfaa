//! The values of one column become columns: psql's `\crosstabview`.

use std::collections::HashMap;

use super::run::LastResult;
use crate::error::{Error, Result, nearest};

/// More columns than this nobody reads.
const MOST: usize = 1600;

/// Values in the order in which they came first, and where each is.
#[derive(Default)]
struct Places<'t> {
    order: Vec<&'t Option<String>>,
    known: HashMap<&'t Option<String>, usize>,
}

impl<'t> Places<'t> {
    fn place(&mut self, value: &'t Option<String>) -> usize {
        *self.known.entry(value).or_insert_with(|| {
            self.order.push(value);
            self.order.len() - 1
        })
    }
}

/// Crosses a result: `names` are the columns of rows, of columns, and of values; by default the
/// first, the second and the third.
pub(super) fn crosstab(result: &LastResult, names: &[&str]) -> Result<LastResult> {
    let fields = result.schema.fields();
    if fields.len() < 3 && names.len() < 3 {
        return Err(Error::sql("a crosstab takes a result of three columns")
            .with_hint("rows, columns, values: select a, b, count(*) from t group by 1, 2"));
    }
    let [mut row, mut column, mut value] = [0, 1, 2];
    for (at, place) in [&mut row, &mut column, &mut value].into_iter().enumerate() {
        if let Some(name) = names.get(at) {
            *place = position(result, name)?;
        }
    }
    let texts = result.texts()?;
    let (mut rows, mut columns) = (Places::default(), Places::default());
    for line in &texts {
        rows.place(&line[row]);
        columns.place(&line[column]);
    }
    if columns.order.len() > MOST {
        let name = fields[column].name();
        return Err(Error::sql(format!(
            "{name} has {} values, too many for columns",
            columns.order.len()
        )));
    }
    let mut crossed: Vec<Vec<Option<String>>> =
        vec![rows.order.iter().map(|row| (*row).clone()).collect()];
    crossed.extend(columns.order.iter().map(|_| vec![None; rows.order.len()]));
    for line in &texts {
        let cell = &mut crossed[columns.place(&line[column]) + 1][rows.place(&line[row])];
        if cell.is_some() {
            let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "NULL".to_owned());
            return Err(Error::sql(format!(
                "several rows for {} and {}",
                shown(&line[row]),
                shown(&line[column])
            ))
            .with_hint("group by both columns"));
        }
        cell.clone_from(&line[value]);
    }
    let mut names = vec![fields[row].name().clone()];
    names.extend(columns.order.iter().map(|c| (*c).clone().unwrap_or_else(|| "NULL".to_owned())));
    LastResult::of_texts(&names, crossed)
}

/// Where a column stands, by its name or its number.
pub(super) fn position(result: &LastResult, name: &str) -> Result<usize> {
    let fields = result.schema.fields();
    if let Some(number) = name.parse::<usize>().ok().filter(|n| (1..=fields.len()).contains(n)) {
        return Ok(number - 1);
    }
    let found = fields.iter().position(|field| field.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let error = Error::sql(format!("the result has no column {name}"));
        match nearest(name, fields.iter().map(|field| field.name().as_str())) {
            Some(near) => error.with_hint(format!("did you mean {near}?")),
            None if name.eq_ignore_ascii_case("select") => {
                error.with_hint("the query stands before the command: SELECT … \\chart bars")
            }
            None => {
                let names: Vec<_> = fields.iter().take(12).map(|it| it.name().as_str()).collect();
                error.with_hint(format!("columns: {}", names.join(", ")))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rows: &[[&str; 3]]) -> LastResult {
        let column = |at: usize| rows.iter().map(|row| Some(row[at].to_owned())).collect();
        let names = ["day", "kind", "n"].map(str::to_owned);
        LastResult::of_texts(&names, vec![column(0), column(1), column(2)]).unwrap()
    }

    #[test]
    fn values_become_columns_and_what_is_missing_is_null() {
        let crossed = crosstab(&result(&[["1", "a", "5"], ["1", "b", "6"], ["2", "b", "7"]]), &[]);
        let crossed = crossed.unwrap();
        let names: Vec<_> = crossed.schema.fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(names, ["day", "a", "b"]);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            crossed.texts().unwrap(),
            [vec![some("1"), some("5"), some("6")], vec![some("2"), None, some("7")]]
        );
    }

    #[test]
    fn two_values_for_one_cell_are_an_error() {
        let error = crosstab(&result(&[["1", "a", "5"], ["1", "a", "6"]]), &[]).unwrap_err();
        assert_eq!(error.message(), "several rows for 1 and a");
        let error = crosstab(&result(&[]), &["dya"]).unwrap_err();
        assert_eq!(error.hint(), Some("did you mean day?"));
    }
}
