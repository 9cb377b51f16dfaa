//! The pulls of a range that are on their way at once, at offsets where they will be if every answer
//! has as many messages as a broker gives at most.
//!
//! An answer that ends earlier (large messages) leaves a gap, which is asked for again; what comes out
//! is in order.

use std::collections::VecDeque;
use std::ops::Range;

/// Messages that a broker gives at a time, as it comes.
const AT_ONCE: u64 = 32;

/// Pulls on their way at once.
const AHEAD: usize = 8;

/// Pulls of a range, with answers of type `T`.
#[derive(Debug)]
pub(super) struct Window<T> {
    // What no pull was made of.
    left: Range<u64>,
    pulls: VecDeque<Pull<T>>,
}

/// A part of the range.
#[derive(Debug)]
pub(super) struct Pull<T> {
    /// What has no answer yet.
    left: Range<u64>,
    // The question that is on its way.
    asked: Option<i32>,
    answers: VecDeque<T>,
}

impl<T> Pull<T> {
    /// From where on, and how many messages.
    pub(super) fn place(&self) -> (u64, u64) {
        (self.left.start, self.left.end.saturating_sub(self.left.start))
    }

    /// Says that the question of this number was asked.
    pub(super) fn ask(&mut self, number: i32) {
        self.asked = Some(number);
    }
}

impl<T> Window<T> {
    /// The pulls of `range`.
    pub(super) fn new(range: Range<u64>) -> Self {
        Self { left: range, pulls: VecDeque::new() }
    }

    /// A pull that is to be asked for now.
    pub(super) fn unasked(&mut self) -> Option<&mut Pull<T>> {
        let is_unasked = |pull: &Pull<T>| pull.asked.is_none() && !pull.left.is_empty();
        if let Some(at) = self.pulls.iter().position(is_unasked) {
            return self.pulls.get_mut(at);
        }
        if self.left.is_empty() || self.pulls.len() >= AHEAD {
            return None;
        }
        let Range { start, end } = self.left;
        let to = start.saturating_add(AT_ONCE).min(end);
        self.left.start = to;
        self.pulls.push_back(Pull { left: start..to, asked: None, answers: VecDeque::new() });
        self.pulls.back_mut()
    }

    /// From where on a question asks.
    pub(super) fn place_of(&self, number: i32) -> Option<u64> {
        let pull = self.pulls.iter().find(|pull| pull.asked == Some(number))?;
        Some(pull.left.start)
    }

    /// Takes the answer of a question, which has everything before `next`.
    pub(super) fn answered(&mut self, number: i32, answer: T, next: u64) {
        if let Some(pull) = self.pulls.iter_mut().find(|pull| pull.asked == Some(number)) {
            pull.asked = None;
            pull.answers.push_back(answer);
            pull.left.start = next.max(pull.left.start);
        }
    }

    /// The next answer in the order of offsets.
    pub(super) fn take(&mut self) -> Option<T> {
        loop {
            let pull = self.pulls.front_mut()?;
            if let Some(answer) = pull.answers.pop_front() {
                return Some(answer);
            }
            if !pull.left.is_empty() {
                return None;
            }
            self.pulls.pop_front();
        }
    }

    /// Whether everything has been taken.
    pub(super) fn is_done(&self) -> bool {
        self.pulls.is_empty() && self.left.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue that gives less than it is asked for, its answers in any order.
    fn read(range: Range<u64>, mut seed: u64) -> Vec<u64> {
        let mut window = Window::new(range);
        let (mut number, mut on_the_way, mut read) = (0, Vec::new(), Vec::new());
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        while !window.is_done() {
            while let Some(pull) = window.unasked() {
                let (from, most) = pull.place();
                assert!(most > 0 && most <= AT_ONCE);
                pull.ask(number);
                on_the_way.push((number, from, most));
                number += 1;
            }
            assert!(!on_the_way.is_empty() && on_the_way.len() <= AHEAD);
            let (answered, from, most) =
                on_the_way.swap_remove(random(on_the_way.len() as u64) as usize);
            assert_eq!(window.place_of(answered), Some(from));
            let next = from + 1 + random(most);
            window.answered(answered, from..next, next);
            while let Some(answer) = window.take() {
                read.extend(answer);
            }
        }
        read
    }

    #[test]
    fn every_offset_comes_once_and_in_order() {
        for seed in 0..200 {
            let range = seed..seed + seed * 7;
            assert_eq!(read(range.clone(), seed), range.collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_not_asked_for_is_nothing() {
        let mut window = Window::new(5..6);
        window.answered(1, (), 9);
        assert_eq!((window.take(), window.place_of(1)), (None, None));
        window.unasked().unwrap().ask(1);
        window.answered(1, (), 9);
        assert_eq!((window.take(), window.take(), window.is_done()), (Some(()), None, true));
    }
}
