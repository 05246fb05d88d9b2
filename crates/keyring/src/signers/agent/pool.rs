//! A few connections for any number of threads and signatures.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Connections at once. The agent computes one signature at a time: a second connection
/// keeps it busy while the first one's answer travels, more only wait.
const CONNECTIONS: usize = 4;
/// Attempts when the agent has no memory, and the first pause between them; each next one
/// is twice as long.
const ATTEMPTS: u32 = 7;
const PAUSE: Duration = Duration::from_millis(20);

/// Connections that are open, and how many there may be.
pub(super) struct Pool<C> {
    state: Mutex<State<C>>,
    returned: Condvar,
}

struct State<C> {
    idle: Vec<C>,
    busy: usize,
    limit: usize,
}

impl<C> Pool<C> {
    /// A pool of the one connection there is.
    pub(super) fn with(first: C) -> Self {
        Self {
            state: Mutex::new(State {
                idle: vec![first],
                busy: 0,
                limit: CONNECTIONS,
            }),
            returned: Condvar::new(),
        }
    }

    /// Works with a connection that nobody else uses meanwhile. One that failed is closed,
    /// for nobody knows what still comes from it. Where `starved` says that the other side
    /// has no memory, fewer connections are used from now on, and it is tried again.
    pub(super) fn with_one<T, F, E>(
        &self,
        connect: impl Fn() -> Result<C, E>,
        mut work: impl FnMut(&mut C) -> Result<T, F>,
        starved: impl Fn(&F) -> bool,
    ) -> Result<Result<T, F>, E> {
        let mut pause = PAUSE;
        let mut attempt = 1;
        loop {
            let seat = self.seat();
            let mut connection = match seat.idle() {
                Some(connection) => connection,
                None => connect()?,
            };
            match work(&mut connection) {
                Ok(done) => {
                    seat.give_back(connection);
                    return Ok(Ok(done));
                }
                Err(failure) if attempt < ATTEMPTS && starved(&failure) => {
                    drop(connection);
                    seat.fewer();
                    drop(seat);
                    std::thread::sleep(pause);
                    pause *= 2;
                    attempt += 1;
                }
                Err(failure) => return Ok(Err(failure)),
            }
        }
    }

    /// Waits until one more connection may be used.
    fn seat(&self) -> Seat<'_, C> {
        let mut state = self.lock();
        while state.busy >= state.limit {
            state = self
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        Seat { pool: self }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to use one connection.
struct Seat<'a, C> {
    pool: &'a Pool<C>,
}

impl<C> Seat<'_, C> {
    fn idle(&self) -> Option<C> {
        self.pool.lock().idle.pop()
    }

    fn give_back(&self, connection: C) {
        let mut state = self.pool.lock();
        if state.idle.len() < state.limit {
            state.idle.push(connection);
        }
    }

    /// Half as many connections from now on; those that nobody uses are closed.
    fn fewer(&self) {
        let mut state = self.pool.lock();
        state.limit = (state.limit / 2).max(1);
        state.idle.clear();
    }
}

impl<C> Drop for Seat<'_, C> {
    fn drop(&mut self) {
        self.pool.lock().busy -= 1;
        self.pool.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn threads_share_a_few_connections() {
        let pool = Pool::with(0);
        let made = AtomicUsize::new(1);
        let (busy, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let done: Result<Result<(), ()>, ()> = pool.with_one(
                            || Ok(made.fetch_add(1, Ordering::SeqCst)),
                            |_| {
                                most.fetch_max(
                                    busy.fetch_add(1, Ordering::SeqCst) + 1,
                                    Ordering::SeqCst,
                                );
                                std::thread::yield_now();
                                busy.fetch_sub(1, Ordering::SeqCst);
                                Ok(())
                            },
                            |()| false,
                        );
                        assert_eq!(done, Ok(Ok(())));
                    }
                });
            }
        });
        assert!(most.into_inner() <= CONNECTIONS);
        assert!(made.into_inner() <= CONNECTIONS, "connections are kept");
    }

    #[test]
    fn a_connection_that_failed_is_not_used_again() {
        let pool = Pool::with(1);
        let connect = || Ok::<_, ()>(2);
        let failed = pool.with_one(connect, |_| Err::<(), _>("ended"), |_| false);
        assert_eq!(failed, Ok(Err("ended")));
        let next = pool.with_one(connect, |connection| Ok::<_, ()>(*connection), |()| false);
        assert_eq!(next, Ok(Ok(2)));
        let pool = Pool::with(1);
        let _ = pool.with_one(connect, |_| Err::<(), _>(()), |()| false);
        let refused = pool.with_one(|| Err::<i32, _>("gone"), |_| Ok::<_, ()>(()), |()| false);
        assert_eq!(refused, Err("gone"));
    }

    #[test]
    fn no_memory_is_met_with_fewer_connections() {
        let pool = Pool::with(0);
        let mut calls = 0;
        let done = pool.with_one(
            || Ok::<_, ()>(0),
            |_| {
                calls += 1;
                if calls < 4 { Err("memory") } else { Ok(calls) }
            },
            |failure| *failure == "memory",
        );
        assert_eq!(done, Ok(Ok(4)));
        let state = pool.lock();
        assert_eq!((state.limit, state.busy), (1, 0));
    }

    #[test]
    fn no_memory_for_good_is_an_error() {
        let pool = Pool::with(0);
        let mut calls = 0;
        let done = pool.with_one(
            || Ok::<_, ()>(0),
            |_| {
                calls += 1;
                Err::<(), _>("memory")
            },
            |_| true,
        );
        assert_eq!((done, calls), (Ok(Err("memory")), ATTEMPTS));
        assert_eq!(pool.lock().busy, 0);
    }
}
