//! Who may run when: so many statements at once, fair by user, then first in, first out.
//!
//! A statement takes its turn when its rows are first asked for, and gives it back when they are
//! delivered or nobody wants them any more. One dashboard cannot fill the queue: the users that wait
//! are served in turn, each the oldest of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// How much may run and wait at once; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// Statements that run at once.
    pub statements: Option<usize>,
    /// Statements of one user that run at once, of whom nothing else is said.
    pub per_user: Option<usize>,
    /// Statements that wait; one more is refused.
    pub queue: Option<usize>,
}

/// The turns of an engine.
#[derive(Debug)]
pub(super) struct Admission {
    limits: AdmissionLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Vec<(String, usize)>,
    // Each user that waits once; the user at the front is next.
    waiting: VecDeque<Waiting>,
}

/// The statements of a user that wait.
#[derive(Debug)]
struct Waiting {
    user: String,
    // How many of the user may run at once.
    most: Option<usize>,
    queue: VecDeque<oneshot::Sender<Permit>>,
}

/// The right to run; dropped, the next one has it.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Arc<Admission>,
    user: String,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let admission = Arc::clone(&self.admission);
        admission.leave(&self.user);
    }
}

impl State {
    fn running_of(&self, user: &str) -> usize {
        self.running.iter().find(|(name, _)| name == user).map_or(0, |(_, count)| *count)
    }

    fn queued(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.queue.len()).sum()
    }

    /// Forgets those who left: they are in the queue until their turn comes.
    fn forget_left(&mut self) {
        for waiting in &mut self.waiting {
            waiting.queue.retain(|waiter| !waiter.is_closed());
        }
        self.waiting.retain(|waiting| !waiting.queue.is_empty());
    }
}

impl Admission {
    pub(super) fn new(limits: AdmissionLimits) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. Dropping the future leaves the queue. `statements` is what is said of this
    /// user alone: how many run at once, 0 for any number.
    ///
    /// # Errors
    /// `Unavailable`, worth another try, when the queue is full.
    pub(super) async fn admit(
        self: &Arc<Self>,
        user: &str,
        statements: Option<usize>,
    ) -> Result<Permit> {
        let most = statements.or(self.limits.per_user).filter(|_| statements != Some(0));
        let turn = {
            let mut state = self.state();
            if state.queued() == 0 && self.has_room(&state, user, most) {
                return Ok(self.permit(&mut state, user));
            }
            state.forget_left();
            if self.limits.queue.is_some_and(|most| state.queued() >= most) {
                let running: usize = state.running.iter().map(|(_, count)| count).sum();
                return Err(Error::unavailable(format!(
                    "{running} statements run and {} wait: the queue is full",
                    state.queued()
                ))
                .with_hint("try again in a moment")
                .retry_later());
            }
            let (sender, turn) = oneshot::channel();
            match state.waiting.iter_mut().find(|waiting| waiting.user == user) {
                Some(waiting) => {
                    waiting.most = most;
                    waiting.queue.push_back(sender);
                }
                None => {
                    let (user, queue) = (user.to_owned(), VecDeque::from([sender]));
                    state.waiting.push_back(Waiting { user, most, queue });
                }
            }
            turn
        };
        self.serve();
        turn.await.map_err(|_| Error::unavailable("the engine is closing"))
    }

    /// How many run, and how many wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let mut state = self.state();
        state.forget_left();
        (state.running.iter().map(|(_, count)| count).sum(), state.queued())
    }

    fn has_room(&self, state: &State, user: &str, most: Option<usize>) -> bool {
        let all: usize = state.running.iter().map(|(_, count)| count).sum();
        self.limits.statements.is_none_or(|most| all < most)
            && most.is_none_or(|most| state.running_of(user) < most)
    }

    fn permit(self: &Arc<Self>, state: &mut State, user: &str) -> Permit {
        match state.running.iter_mut().find(|(name, _)| name == user) {
            Some((_, count)) => *count += 1,
            None => state.running.push((user.to_owned(), 1)),
        }
        Permit { admission: Arc::clone(self), user: user.to_owned() }
    }

    fn leave(self: &Arc<Self>, user: &str) {
        {
            let mut state = self.state();
            if let Some((_, count)) = state.running.iter_mut().find(|(name, _)| name == user) {
                *count -= 1;
            }
            state.running.retain(|(_, count)| *count > 0);
        }
        self.serve();
    }

    /// Gives turns to those who wait, as long as there is room.
    fn serve(self: &Arc<Self>) {
        // A permit that nobody takes is dropped outside the lock, which it needs.
        while let Some((waiter, permit)) = self.next() {
            drop(waiter.send(permit));
        }
    }

    fn next(self: &Arc<Self>) -> Option<(oneshot::Sender<Permit>, Permit)> {
        let mut state = self.state();
        let at = (0..state.waiting.len()).find(|at| {
            let waiting = state.waiting.get(*at);
            waiting.is_some_and(|waiting| self.has_room(&state, &waiting.user, waiting.most))
        })?;
        let mut waiting = state.waiting.remove(at)?;
        let user = waiting.user.clone();
        let waiter = waiting.queue.pop_front();
        if !waiting.queue.is_empty() {
            // Behind all other users: each has its turn.
            state.waiting.push_back(waiting);
        }
        let waiter = waiter?;
        let permit = self.permit(&mut state, &user);
        Some((waiter, permit))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use futures::future::BoxFuture;

    use super::*;

    fn limits(statements: usize, queue: usize) -> Arc<Admission> {
        let limit = |count| Some(count);
        Admission::new(AdmissionLimits {
            statements: limit(statements),
            per_user: None,
            queue: limit(queue),
        })
    }

    fn waiting(
        admission: &Arc<Admission>,
        user: &'static str,
    ) -> BoxFuture<'static, Result<Permit>> {
        let admission = Arc::clone(admission);
        let mut turn = async move { admission.admit(user, None).await }.boxed();
        assert!((&mut turn).now_or_never().is_none(), "{user} has a turn at once");
        turn
    }

    #[tokio::test]
    async fn users_have_their_turns_one_after_the_other() {
        let admission = limits(1, 10);
        let first = admission.admit("ada", None).await.unwrap();
        let mut ada = waiting(&admission, "ada");
        let mut again = waiting(&admission, "ada");
        let mut bob = waiting(&admission, "bob");
        drop(first);
        let permit = (&mut ada).now_or_never().unwrap().unwrap();
        assert!((&mut again).now_or_never().is_none());
        drop(permit);
        let permit = (&mut bob).now_or_never().expect("bob is next").unwrap();
        assert!((&mut again).now_or_never().is_none());
        drop(permit);
        assert!(again.now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_says_to_try_again() {
        let admission = limits(1, 1);
        let _running = admission.admit("ada", None).await.unwrap();
        let left = waiting(&admission, "bob");
        let error = admission.admit("eve", None).await.unwrap_err();
        assert_eq!(error.message(), "1 statements run and 1 wait: the queue is full");
        assert_eq!(error.retry(), crate::error::Retry::Later);
        drop(left);
        drop(waiting(&admission, "eve"));
    }

    #[tokio::test]
    async fn who_left_the_queue_holds_no_turn() {
        let admission = limits(1, 10);
        let running = admission.admit("ada", None).await.unwrap();
        drop(waiting(&admission, "bob"));
        let mut eve = waiting(&admission, "eve");
        drop(running);
        assert!((&mut eve).now_or_never().unwrap().is_ok());
        assert!(admission.state().running.is_empty());
    }

    #[tokio::test]
    async fn a_user_at_its_own_limit_does_not_hold_up_the_others() {
        let admission =
            Admission::new(AdmissionLimits { per_user: Some(1), ..AdmissionLimits::default() });
        let _ada = admission.admit("ada", None).await.unwrap();
        let _waits = waiting(&admission, "ada");
        assert!(admission.admit("bob", None).now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_is_said_of_a_user_alone_is_in_the_place_of_the_limit_for_all() {
        let admission =
            Admission::new(AdmissionLimits { per_user: Some(1), ..AdmissionLimits::default() });
        let _one = admission.admit("ada", Some(2)).now_or_never().expect("room").unwrap();
        let two = admission.admit("ada", Some(2)).now_or_never().expect("room for two").unwrap();
        let third = admission.admit("ada", Some(2));
        let mut third = Box::pin(third);
        assert!((&mut third).now_or_never().is_none());
        drop(two);
        assert!((&mut third).now_or_never().is_some());
        let any = [0, 1, 2].map(|_| admission.admit("bob", Some(0)).now_or_never());
        assert!(any.iter().all(Option::is_some));
    }
}
