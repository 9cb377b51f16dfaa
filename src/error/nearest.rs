//! "Did you mean": the name that was probably meant by one that does not exist.
//!
//! For columns, tables, functions, settings, keys and flags alike. Which names there are, and how
//! the suggestion is worded, is the caller's.

/// The candidate closest to what was `typed`, if one is close enough to be worth a suggestion.
///
/// A candidate equal but for case, `_`, `-` and spaces wins at once. Otherwise the smallest number
/// of single-letter edits and swaps of neighbours counts; the first of equals is taken. Names of up
/// to 2 letters may differ by none, of up to 5 by 1, of up to 9 by 2, longer ones by 3: more would
/// suggest names that have nothing to do with it.
pub fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(typed);
    let allowed = match typed.len() {
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let mut best = None;
    for candidate in candidates {
        let letters = folded(candidate);
        if letters.len().abs_diff(typed.len()) > allowed || letters.is_empty() {
            continue;
        }
        let edits = distance(&typed, &letters);
        if edits == 0 {
            return Some(candidate);
        }
        if edits <= allowed && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The letters of a name by which it is compared.
fn folded(name: &str) -> Vec<char> {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`, no place
/// edited twice (the "optimal string alignment" form of the Damerau-Levenshtein distance).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut edits = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                edits = edits.min(before[j - 1] + 1);
            }
            row.push(edits);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 7] =
        ["device_id", "name", "event_time", "Battery", "user", "id", "firmware_version"];

    fn suggested(typed: &str) -> Option<&'static str> {
        nearest(typed, COLUMNS.into_iter())
    }

    #[test]
    fn slips_of_the_fingers_find_their_name() {
        for (typed, meant) in [
            ("nmae", "name"),
            ("usr", "user"),
            ("userr", "user"),
            ("evnt_tiem", "event_time"),
            ("batery", "Battery"),
            ("firmwareversoin", "firmware_version"),
        ] {
            assert_eq!(suggested(typed), Some(meant), "{typed}");
        }
        assert_eq!(nearest("--formt", ["--file", "--format"].into_iter()), Some("--format"));
    }

    #[test]
    fn case_and_underscores_do_not_count_and_win_over_closer_looks() {
        assert_eq!(suggested("deviceId"), Some("device_id"));
        assert_eq!(suggested("EVENTTIME"), Some("event_time"));
        assert_eq!(nearest("userid", ["userd", "user_id"].into_iter()), Some("user_id"));
    }

    #[test]
    fn what_is_far_from_everything_suggests_nothing() {
        for typed in ["", "x", "it", "price", "temperature", "_"] {
            assert_eq!(suggested(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_swap_of_neighbours_is_one_edit() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("ca"), &letters("ac")), 1);
        assert_eq!(distance(&letters("kitten"), &letters("sitting")), 3);
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
    }
}
