//! How wide the columns of a table are, and which of them a narrow terminal has room for.
//!
//! Texts give way first, down to a width at which they can still be recognized; numbers, dates and
//! booleans are never cut, since a part of them reads like another value. If that is not enough,
//! columns in the middle are hidden: the first ones identify a row, the last ones are often what
//! was computed.

/// Columns of the terminal below which a text is not narrowed while another column can be hidden.
const FLOOR: usize = 10;

/// What a column would like to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Terminal columns at which nothing is cut.
    pub(super) natural: usize,
    /// Whether it may be cut.
    pub(super) elastic: bool,
}

impl Wish {
    fn at_most(self, cap: usize) -> usize {
        if self.elastic { self.natural.min(cap) } else { self.natural }
    }
}

/// What the table shows, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// The column of this index, this wide.
    Shown { index: usize, width: usize },
    /// The place of hidden columns.
    Gap,
}

/// Columns of text up to which all rows are padded; one huge value would else make all of them huge.
const WIDEST: usize = 1000;

/// Lays all columns out at their natural widths, as long as a person could look at them.
pub(super) fn natural(wishes: &[Wish]) -> Vec<Slot> {
    wishes
        .iter()
        .enumerate()
        .map(|(index, wish)| Slot::Shown { index, width: wish.natural.min(WIDEST) })
        .collect()
}

/// How much longer than the widest of the first values a later one may be, as far as there is room: a
/// number by two digits, a text by half, by four letters at least.
fn longer(wish: Wish, widest: usize) -> usize {
    if wish.elastic { (widest / 2).max(4) } else { 2 }
}

/// Widens columns whose later values are not known, the ones after the others, where the terminal
/// has room; `widest` are the widths of the values so far, without the names.
pub(super) fn leave_room(wishes: &mut [Wish], widest: &[usize], room: usize, between: usize) {
    let needed: usize = wishes.iter().map(|wish| wish.natural + between).sum();
    let mut left = room.saturating_sub(needed);
    for (wish, widest) in wishes.iter_mut().zip(widest) {
        let wanted = widest + longer(*wish, *widest);
        let more = wanted.saturating_sub(wish.natural).min(left);
        wish.natural += more;
        left -= more;
    }
}

/// Lays the columns out on a terminal.
///
/// `room` is what the lines at both ends leave, `between` what goes with every column: its
/// padding and one line.
pub(super) fn fit(wishes: &[Wish], room: usize, between: usize) -> Vec<Slot> {
    let needed = |chosen: &[usize], cap: usize| -> usize {
        let gap = if chosen.len() < wishes.len() { 1 + between } else { 0 };
        gap + chosen.iter().map(|&index| wishes[index].at_most(cap) + between).sum::<usize>()
    };
    let all: Vec<usize> = (0..wishes.len()).collect();
    let chosen =
        if needed(&all, FLOOR) <= room { all } else { choose(wishes.len(), room, &needed) };

    // The largest cap at which everything fits; what is left over goes to the first cut columns.
    let widest = chosen.iter().map(|&index| wishes[index].natural).max().unwrap_or(0).min(room);
    let cap = (1..=widest).rev().find(|&cap| needed(&chosen, cap) <= room).unwrap_or(1);
    let mut left = room.saturating_sub(needed(&chosen, cap));
    let mut slots = Vec::with_capacity(chosen.len() + 1);
    for (position, &index) in chosen.iter().enumerate() {
        if index != position && !slots.contains(&Slot::Gap) {
            slots.push(Slot::Gap);
        }
        let mut width = wishes[index].at_most(cap);
        if left > 0 && width < wishes[index].natural {
            width += 1;
            left -= 1;
        }
        slots.push(Slot::Shown { index, width });
    }
    if chosen.last().is_some_and(|last| last + 1 < wishes.len()) {
        slots.push(Slot::Gap);
    }
    slots
}

/// As many columns as there is room for, in turn from the left and from the right; always the
/// first one.
fn choose(columns: usize, room: usize, needed: &dyn Fn(&[usize], usize) -> usize) -> Vec<usize> {
    let (mut left, mut right) = (vec![0], Vec::new());
    let with = |left: &[usize], right: &[usize]| -> Vec<usize> {
        left.iter().copied().chain(right.iter().rev().copied()).collect()
    };
    let (mut next, mut last) = (1, columns);
    let mut from_right = true;
    let mut full = [false, false];
    while next < last && full != [true, true] {
        let (side, index) = if from_right { (&mut right, last - 1) } else { (&mut left, next) };
        side.push(index);
        if needed(&with(&left, &right), FLOOR) <= room {
            if from_right {
                last -= 1;
            } else {
                next += 1;
            }
        } else {
            if from_right { &mut right } else { &mut left }.pop();
            full[usize::from(from_right)] = true;
        }
        from_right = if full[usize::from(!from_right)] { from_right } else { !from_right };
    }
    with(&left, &right)
}

#[cfg(test)]
mod tests {
    use super::{Slot, Wish, fit, leave_room};

    fn text(natural: usize) -> Wish {
        Wish { natural, elastic: true }
    }

    fn number(natural: usize) -> Wish {
        Wish { natural, elastic: false }
    }

    fn widths(slots: &[Slot]) -> Vec<(usize, usize)> {
        slots
            .iter()
            .map(|slot| match slot {
                Slot::Shown { index, width } => (*index, *width),
                Slot::Gap => (99, 1),
            })
            .collect()
    }

    #[test]
    fn the_longest_texts_give_way_and_numbers_do_not() {
        let slots = fit(&[number(20), text(100), text(14), text(60)], 79, 3);
        assert_eq!(widths(&slots), [(0, 20), (1, 17), (2, 14), (3, 16)]);
    }

    #[test]
    fn columns_in_the_middle_are_hidden_if_texts_cannot_give_way_enough() {
        let slots = fit(&[number(20); 10], 79, 3);
        assert_eq!(widths(&slots), [(0, 20), (1, 20), (99, 1), (9, 20)]);
    }

    #[test]
    fn all_of_the_room_is_used() {
        for room in 40..120 {
            let slots = fit(&[text(70), text(80), number(8)], room, 3);
            let used: usize = widths(&slots).iter().map(|(_, width)| width + 3).sum();
            assert_eq!(used, room);
        }
    }

    #[test]
    fn the_first_column_is_shown_even_without_room() {
        assert_eq!(widths(&fit(&[text(70), text(80)], 5, 3)), [(0, 1), (99, 1)]);
        assert_eq!(widths(&fit(&[number(30)], 5, 3)), [(0, 30)]);
    }

    #[test]
    fn room_that_is_left_goes_to_values_to_come() {
        let natural = |wishes: &[Wish]| wishes.iter().map(|wish| wish.natural).collect::<Vec<_>>();
        // The last one has a name that is longer than its values.
        let columns = || [number(3), text(12), text(2), number(9)];
        let widest = [3, 12, 2, 5];
        let mut wishes = columns();
        leave_room(&mut wishes, &widest, 60, 3);
        assert_eq!(natural(&wishes), [5, 18, 6, 9]);
        let mut narrow = columns();
        leave_room(&mut narrow, &widest, 42, 3);
        assert_eq!(natural(&narrow), [5, 14, 2, 9]);
        let mut full = columns();
        leave_room(&mut full, &widest, 30, 3);
        assert_eq!(natural(&full), natural(&columns()));
    }
}
