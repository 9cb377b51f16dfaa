//! What a sample of row keys is made of: a salt or a hash before the rest, parts that a delimiter
//! ends, a text of fixed width before a number, a time at the end.
//!
//! A proposal is held against every key of the sample as [`KeyLayout`] will read it, and comes with
//! the share of those that are made so.

use std::collections::BTreeSet;

use super::infer::{FITS, TIMES};
use super::key_layout::{Hash, KeyLayout};
use super::options::PartOptions;
use super::rows::escape;

/// Fewer different keys show nothing.
const LEAST: usize = 20;

/// What ends parts, the most likely first. `-` stands within names, dates and UUIDs.
const DELIMITERS: &[u8] = b"|#\0\x01~;,:/_";

/// More values are no salt.
const MOST_SALTS: usize = 64;

/// How many digits or bytes of a hash stand before what is hashed.
const HASH_WIDTHS: [usize; 6] = [2, 4, 6, 8, 16, 32];

/// The parts of keys that were sampled.
#[derive(Debug)]
pub(super) struct KeyProposal {
    /// In their order, as a table file declares them.
    pub(super) parts: Vec<PartOptions>,
    /// The values of each in the keys that are made so.
    pub(super) values: Vec<Vec<Vec<u8>>>,
    /// How many of the keys are made so.
    pub(super) fit: usize,
}

/// Keys, or what is left of them behind the parts before.
type Rests<'k> = [&'k [u8]];

/// What sampled keys are made of; `None` where they show no parts.
pub(super) fn propose(keys: &[Vec<u8>]) -> Option<KeyProposal> {
    let keys: BTreeSet<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let keys: Vec<&[u8]> = keys.into_iter().collect();
    if keys.len() < LEAST {
        return None;
    }
    let whole = || Some(split(&keys));
    [&hashed as &dyn Fn(&Rests<'_>) -> Option<Vec<PartOptions>>, &salted, &|_| whole()]
        .iter()
        .find_map(|found| held(named(found(&keys)?), &keys))
}

/// The proposal, if the keys are made as it says.
fn held(parts: Vec<PartOptions>, keys: &Rests<'_>) -> Option<KeyProposal> {
    let layout = KeyLayout::parse(&parts).ok().filter(|layout| layout.parts.len() > 1)?;
    let (mut values, mut fit, mut places) = (vec![vec![]; parts.len()], 0, vec![]);
    for key in keys {
        if layout.split(key, &mut places).is_err() {
            continue;
        }
        fit += 1;
        for (values, place) in values.iter_mut().zip(&places) {
            values.push(key.get(place.clone()).unwrap_or_default().to_vec());
        }
    }
    // What is the same in all keys is a part of the next one: of `user_1` and the like.
    let varies = |values: &Vec<Vec<u8>>| values.iter().collect::<BTreeSet<_>>().len() > 1;
    let is_so = is_most(fit, keys.len()) && values.iter().all(varies);
    is_so.then_some(KeyProposal { parts, values, fit })
}

fn is_most(some: usize, all: usize) -> bool {
    some as f64 >= FITS * all as f64
}

/// Names for parts that have none.
fn named(mut parts: Vec<PartOptions>) -> Vec<PartOptions> {
    for (at, part) in parts.iter_mut().enumerate() {
        if part.name.is_empty() {
            part.name = format!("part{}", at + 1);
        }
    }
    parts
}

/// A byte before the rest that counts from zero.
fn salted(keys: &Rests<'_>) -> Option<Vec<PartOptions>> {
    // Numbers of these widths begin with bytes that count from zero as well.
    let is_number = |width| matches!(width, 1 | 2 | 4 | 8);
    if width(keys).is_some_and(is_number) {
        return None;
    }
    let firsts: BTreeSet<u8> = keys.iter().filter_map(|key| key.first().copied()).collect();
    let count = firsts.len();
    let is_salt = (2..=MOST_SALTS).contains(&count)
        && count * 4 <= keys.len()
        && firsts.iter().enumerate().all(|(at, byte)| at == usize::from(*byte));
    if !is_salt {
        return None;
    }
    let buckets = u32::try_from(count).ok();
    let salt =
        PartOptions { name: "salt".to_owned(), bytes: Some(1), buckets, ..PartOptions::default() };
    let rests: Vec<&[u8]> = keys.iter().map(|key| key.get(1..).unwrap_or_default()).collect();
    Some(std::iter::once(salt).chain(split(&rests)).collect())
}

/// The beginning of a hash of one of the parts behind it.
fn hashed(keys: &Rests<'_>) -> Option<Vec<PartOptions>> {
    HASH_WIDTHS.iter().find_map(|width| {
        let rests: Vec<&[u8]> = keys.iter().filter_map(|key| key.get(*width..)).collect();
        if rests.len() < keys.len() {
            return None;
        }
        let parts = named(split(&rests));
        // A layout of the rest shows what is hashed.
        let layout = KeyLayout::parse(&parts).ok()?;
        let hashes = Hash::ALL.iter().map(|(name, hash)| (*name, *hash));
        let found = hashes.flat_map(|hash| (0..parts.len()).map(move |of| (hash, of)));
        let (name, of) = found.into_iter().find_map(|((name, hash), of)| {
            let is_so = |key: &&&[u8]| {
                let (own, rest) = key.split_at_checked(*width).unwrap_or_default();
                let mut places = vec![];
                let is_split = layout.split(rest, &mut places).is_ok();
                let value = places.get(of).and_then(|place| rest.get(place.clone()));
                is_split && value.is_some_and(|value| hash.prefix(value, *width) == own)
            };
            is_most(keys.iter().filter(is_so).count(), keys.len()).then_some((name, of))
        })?;
        let of = parts.get(of)?.name.clone();
        let hash = PartOptions {
            name: "hash".to_owned(),
            bytes: Some(*width),
            hash: Some(name.to_owned()),
            of: Some(of),
            ..PartOptions::default()
        };
        Some(std::iter::once(hash).chain(parts).collect())
    })
}

/// Parts that delimiters end, and the rest.
fn split(keys: &Rests<'_>) -> Vec<PartOptions> {
    let found = DELIMITERS.iter().find_map(|delimiter| delimited(keys, *delimiter));
    let Some((mut parts, rests)) = found else { return fixed(keys) };
    parts.extend(fixed(&rests));
    parts
}

/// The parts that a delimiter ends, and what is behind them.
fn delimited<'k>(keys: &Rests<'k>, delimiter: u8) -> Option<(Vec<PartOptions>, Vec<&'k [u8]>)> {
    let (mut parts, mut rests): (Vec<PartOptions>, Vec<&[u8]>) = (vec![], keys.to_vec());
    loop {
        let cut = |rest: &&'k [u8]| {
            let at = rest.iter().position(|byte| *byte == delimiter)?;
            let (value, behind) = rest.split_at_checked(at)?;
            (!value.is_empty() && is_text(value)).then(|| (value, behind.get(1..).unwrap_or(&[])))
        };
        let cuts: Vec<(&[u8], &[u8])> = rests.iter().filter_map(cut).collect();
        let values: BTreeSet<&[u8]> = cuts.iter().map(|(value, _)| *value).collect();
        // Colons stand in times of day and in addresses of two digits each as well.
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let is_clock = |(value, rest): &(&[u8], &[u8])| {
            is_digit(value.last()) && is_digit(rest.first()) || value.len() == 2
        };
        let is_pair = delimiter == b':' && cuts.iter().all(is_clock);
        if !is_most(cuts.len(), keys.len()) || values.len() < 2 || is_pair {
            break;
        }
        let mut shown = String::new();
        escape(&[delimiter], &mut shown);
        let mut part = PartOptions { until: Some(shown), ..PartOptions::default() };
        if parts.is_empty()
            && let Some(salts) = counted(&values, keys.len())
        {
            (part.name, part.values) = ("salt".to_owned(), Some(salts));
        }
        parts.push(part);
        rests = cuts.into_iter().map(|(_, behind)| behind).collect();
    }
    (!parts.is_empty()).then_some((parts, rests))
}

/// Texts of one width that count from zero.
fn counted(values: &BTreeSet<&[u8]>, keys: usize) -> Option<Vec<String>> {
    let width = values.first()?.len();
    if values.len() > MOST_SALTS || values.len() * 4 > keys {
        return None;
    }
    let texts = values.iter().enumerate().map(|(at, value)| {
        let text = format!("{at:0width$}");
        (text.as_bytes() == *value).then_some(text)
    });
    texts.collect()
}

/// Parts of fixed width before a time or a number, or the one part that the keys are.
fn fixed(keys: &Rests<'_>) -> Vec<PartOptions> {
    let last = PartOptions::default();
    let Some(width) = width(keys) else { return vec![last] };
    let head = |bytes: usize| PartOptions { bytes: Some(bytes), ..PartOptions::default() };
    let at = |tails: &Rests<'_>| {
        let reversed = is_reversed_time(tails);
        let name = if reversed || is_time(tails) { "at".to_owned() } else { String::new() };
        PartOptions { name, reversed, ..PartOptions::default() }
    };
    // Times are eight bytes; of numbers the shortest is taken before which all is text.
    for (tail, of_times) in [(8, true), (1, false), (2, false), (4, false), (8, false)] {
        let Some(before) = width.checked_sub(tail).filter(|before| *before > 0) else { continue };
        let tails: Vec<&[u8]> = keys.iter().filter_map(|key| key.get(before..)).collect();
        let heads = keys.iter().filter_map(|key| key.get(..before));
        let texts = heads.filter(|bytes| is_text(bytes)).count();
        let others = tails.iter().filter(|bytes| !is_text(bytes)).count();
        let is_so = match of_times {
            true => is_time(&tails) || is_reversed_time(&tails),
            false => is_most(texts, keys.len()) && others * 2 > tails.len(),
        };
        if is_so {
            return vec![head(before), at(&tails)];
        }
    }
    vec![at(keys)]
}

/// The width of all; `None` where they differ.
fn width(keys: &Rests<'_>) -> Option<usize> {
    let first = keys.first()?.len();
    keys.iter().all(|key| key.len() == first).then_some(first)
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// The number of eight bytes, or of nineteen digits.
fn number(bytes: &[u8]) -> Option<i64> {
    match <[u8; 8]>::try_from(bytes) {
        Ok(bytes) => Some(i64::from_be_bytes(bytes)),
        Err(_) if bytes.len() == 19 => std::str::from_utf8(bytes).ok()?.parse().ok(),
        Err(_) => None,
    }
}

fn is_time(values: &Rests<'_>) -> bool {
    let times = values.iter().filter_map(|value| number(value));
    is_most(times.filter(|number| TIMES.contains(number)).count(), values.len())
}

/// Whether values are `Long.MAX_VALUE` less a time, so that the latest is the first.
fn is_reversed_time(values: &Rests<'_>) -> bool {
    let times = values.iter().filter_map(|value| i64::MAX.checked_sub(number(value)?));
    is_most(times.filter(|number| TIMES.contains(number)).count(), values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is proposed of keys, as names and what ends or makes each part.
    fn proposed(keys: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
        let keys: Vec<Vec<u8>> = keys.collect();
        let Some(proposal) = propose(&keys) else { return vec![] };
        assert_eq!(proposal.values.len(), proposal.parts.len());
        let shown = |part: &PartOptions| {
            let PartOptions { name, bytes, until, reversed, buckets, values, hash, of } = part;
            let mut shown = name.clone();
            let some = [
                bytes.map(|bytes| format!("bytes={bytes}")),
                until.as_ref().map(|until| format!("until={until}")),
                reversed.then(|| "reversed".to_owned()),
                buckets.map(|buckets| format!("buckets={buckets}")),
                values.as_ref().map(|values| values.join(",")),
                hash.clone().zip(of.clone()).map(|(hash, of)| format!("{hash}({of})")),
            ];
            some.into_iter().flatten().for_each(|each| shown += &format!(" {each}"));
            shown
        };
        proposal.parts.iter().map(shown).collect()
    }

    fn spread(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
    }

    fn at(number: u64) -> i64 {
        1_763_000_000_000 + i64::try_from(spread(number) % 1_000_000_000).unwrap_or_default()
    }

    #[test]
    fn salt_delimiter_and_reversed_time_are_found() {
        let keys = (0..400_u64).map(|i| {
            let rest =
                [format!("t{}|", i % 30).into_bytes(), (i64::MAX - at(i)).to_be_bytes().into()];
            [vec![u8::try_from(spread(i) % 4).expect("a byte")], rest.concat()].concat()
        });
        assert_eq!(proposed(keys), ["salt bytes=1 buckets=4", "part2 until=|", "at reversed"]);
    }

    #[test]
    fn a_hash_and_what_is_hashed_are_found() {
        for (name, hash) in Hash::ALL {
            let keys = (0..300_u64).map(|i| {
                let user = format!("u{:04}", i % 90).into_bytes();
                let number = u32::try_from(spread(i) & 0xffff_ffff).expect("32 bits");
                [hash.prefix(&user, 4), user, number.to_be_bytes().to_vec()].concat()
            });
            let hash = format!("hash bytes=4 {name}(part1)");
            assert_eq!(proposed(keys), [hash.as_str(), "part1 bytes=5", "part2"]);
        }
    }

    #[test]
    fn texts_with_delimiters_are_taken_apart() {
        let texts = |text: fn(u64) -> String| proposed((0..200).map(|i| text(i).into_bytes()));
        let three = texts(|i| format!("{:02}|user{}|{}", i % 5, i * 7, at(i)));
        assert_eq!(three, ["salt until=| 00,01,02,03,04", "part2 until=|", "part3"]);
        let reversed = texts(|i| format!("user{}#{}", i % 17, i64::MAX - at(i)));
        assert_eq!(reversed, ["part1 until=#", "at reversed"]);
    }

    #[test]
    fn one_value_is_not_taken_apart() {
        let numbers = |i: u64| u32::try_from(i * 200_000).expect("32 bits").to_be_bytes().to_vec();
        assert!(proposed((0..400).map(numbers)).is_empty());
        let texts = |text: fn(u64) -> String| proposed((0..200).map(|i| text(i).into_bytes()));
        assert!(texts(|i| format!("dev-{i:05}")).is_empty());
        assert!(texts(|i| format!("user_{i}")).is_empty());
        assert!(texts(|i| format!("2026-11-{:02} 10:{:02}:00", i % 28, i % 60)).is_empty());
        let address = |i: u64| format!("{:02x}:{:02x}:{:02x}", i, spread(i) & 255, (i * 7) & 255);
        assert!(texts(address).is_empty());
        assert!(proposed((0..10_u64).map(|i| format!("a{i}|b").into_bytes())).is_empty());
    }
}
