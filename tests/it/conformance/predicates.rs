//! Filters over a table, made from its own values: the same ones at every run.

/// A predicate after the other.
pub(super) struct Predicates {
    columns: Vec<Column>,
    state: u64,
}

struct Column {
    name: String,
    letter: char,
    /// As literals of SQL.
    values: Vec<String>,
}

impl Predicates {
    /// Predicates over columns and letters; `values` gives some canonical values of a column.
    pub(super) fn new(columns: &[(String, char)], values: impl Fn(&str) -> Vec<String>) -> Self {
        let columns = columns.iter().map(|(name, letter)| Column {
            name: name.clone(),
            letter: *letter,
            values: if *letter == '?' {
                vec![]
            } else {
                values(name).iter().filter_map(|value| literal(*letter, value)).collect()
            },
        });
        Self { columns: columns.collect(), state: 7 }
    }

    /// A number below `end`, by Knuth's generator.
    fn below(&mut self, end: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap() % end
    }

    /// The next predicate.
    pub(super) fn next(&mut self) -> String {
        match self.below(6) {
            0 => format!("({} AND {})", self.simple(), self.simple()),
            1 => format!("({} OR {})", self.simple(), self.simple()),
            2 => format!("NOT {}", self.simple()),
            _ => self.simple(),
        }
    }

    fn simple(&mut self) -> String {
        let at = self.below(self.columns.len());
        let column = self.columns[at].name.clone();
        let known = self.columns[at].values.len();
        if known == 0 {
            return format!("{column} IS {}NULL", ["", "NOT "][self.below(2)]);
        }
        let mut value = || {
            let which = self.below(known);
            self.columns[at].values[which].clone()
        };
        let (a, b, c) = (value(), value(), value());
        match self.below(9) {
            0 => format!("{column} = {a}"),
            1 => format!("{column} < {a}"),
            2 => format!("{column} > {a}"),
            3 => format!("{column} BETWEEN {a} AND {b}"),
            4 => format!("{column} IN ({a}, {b}, {c})"),
            5 => format!("{column} NOT IN ({a}, {b})"),
            6 => format!("{column} IS NULL"),
            7 => format!("{column} <> {a}"),
            _ if self.columns[at].letter == 'T' => {
                let prefix: String = a.trim_matches('\'').chars().take(2).collect();
                format!("{column} LIKE '{}%'", prefix.replace('\'', ""))
            }
            _ => format!("{column} >= {a}"),
        }
    }
}

/// The literal of a canonical value; `None` for text that the canonical form escapes.
fn literal(letter: char, value: &str) -> Option<String> {
    Some(match letter {
        'I' | 'B' => value.to_owned(),
        'R' if value.parse::<f64>().is_ok_and(f64::is_finite) && !value.contains('e') => {
            value.to_owned()
        }
        'R' => format!("CAST('{value}' AS DOUBLE)"),
        'D' => format!("DATE '{value}'"),
        'P' if value.ends_with("+00") => format!("CAST('{value}:00' AS TIMESTAMP WITH TIME ZONE)"),
        'P' => format!("TIMESTAMP '{value}'"),
        'T' if value == "(empty)" => "''".to_owned(),
        'T' if !value.contains('\\') => format!("'{}'", value.replace('\'', "''")),
        _ => return None,
    })
}
