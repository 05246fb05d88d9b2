//! Connections that are kept: one for each thread that signs, each for any number of
//! signatures.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Open connections to whoever signs, lent to one thread at a time.
pub(crate) struct Pool<T> {
    state: Mutex<State<T>>,
    returned: Condvar,
}

struct State<T> {
    idle: Vec<T>,
    /// Open ones, lent or idle.
    open: usize,
    /// As many as may be open.
    limit: usize,
}

/// Why a connection was not opened.
pub(crate) enum Unopened<E> {
    /// No more of them at a time: wait for one that is lent.
    Full(E),
    /// It cannot be.
    Failed(E),
}

impl<T> Pool<T> {
    /// An empty pool that grows to at most `limit` connections.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::new(State {
                idle: Vec::new(),
                open: 0,
                limit: limit.max(1),
            }),
            returned: Condvar::new(),
        }
    }

    /// A pool that holds one connection and grows to at most `limit`.
    pub(crate) fn with_first(first: T, limit: usize) -> Self {
        let pool = Self::new(limit);
        {
            let mut state = pool.state();
            state.idle.push(first);
            state.open = 1;
        }
        pool
    }

    /// Does `work` over an idle connection, or over a new one where all are lent. One over
    /// which it failed is closed: nobody knows what it would answer next.
    pub(crate) fn with<R, E>(
        &self,
        open: impl Fn() -> Result<T, Unopened<E>>,
        work: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut lent = self.take(open)?;
        // Counted as closed should `work` panic.
        let mut place = Place {
            pool: self,
            connection: None,
        };
        let done = work(&mut lent);
        if done.is_ok() {
            place.connection = Some(lent);
        }
        drop(place);
        done
    }

    /// Half as many connections from now on, for the other side cannot bear them all; those
    /// that nobody uses are closed.
    pub(crate) fn shrink(&self) {
        let mut state = self.state();
        state.open -= state.idle.len();
        state.idle.clear();
        state.limit = (state.limit / 2).max(1);
    }

    /// An idle connection or a new one.
    fn take<E>(&self, open: impl Fn() -> Result<T, Unopened<E>>) -> Result<T, E> {
        let mut state = self.state();
        loop {
            if let Some(idle) = state.idle.pop() {
                return Ok(idle);
            }
            if state.open < state.limit {
                state.open += 1;
                drop(state);
                let opened = open();
                state = self.state();
                match opened {
                    Ok(connection) => return Ok(connection),
                    Err(refused) => {
                        state.open -= 1;
                        match refused {
                            // What is open is all there is; the others wait for it.
                            Unopened::Full(_) if state.open > 0 => state.limit = state.open,
                            Unopened::Full(error) | Unopened::Failed(error) => {
                                drop(state);
                                // Somebody may have waited for this place.
                                self.returned.notify_one();
                                return Err(error);
                            }
                        }
                        continue;
                    }
                }
            }
            state = self
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // The counters are whole at every moment, whoever panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a lent connection.
struct Place<'a, T> {
    pool: &'a Pool<T>,
    connection: Option<T>,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        match self.connection.take() {
            Some(connection) if state.open <= state.limit => state.idle.push(connection),
            _ => state.open -= 1,
        }
        drop(state);
        self.pool.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{Pool, Unopened};

    type Nothing = Result<(), Unopened<&'static str>>;

    #[test]
    fn one_thread_opens_one_connection() {
        let opened = AtomicUsize::new(0);
        let pool = Pool::new(8);
        for _ in 0..100 {
            let done: Result<(), &str> = pool.with(
                || {
                    opened.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                },
                |()| Ok(()),
            );
            done.unwrap();
        }
        assert_eq!(opened.into_inner(), 1);
    }

    #[test]
    fn threads_have_connections_of_their_own_up_to_the_limit() {
        let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let pool = Pool::new(2);
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    for _ in 0..200 {
                        let done: Result<(), &str> = pool.with(
                            || Ok(()),
                            |()| {
                                let now = open.fetch_add(1, Ordering::SeqCst) + 1;
                                most.fetch_max(now, Ordering::SeqCst);
                                open.fetch_sub(1, Ordering::SeqCst);
                                Ok(())
                            },
                        );
                        done.unwrap();
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
    }

    #[test]
    fn when_no_more_can_be_opened_the_others_wait() {
        // As a token with one session does.
        let open = AtomicUsize::new(0);
        let pool = Pool::new(64);
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let signed: Result<(), &str> = pool.with(
                            || {
                                if open.fetch_add(1, Ordering::SeqCst) == 0 {
                                    Ok(())
                                } else {
                                    open.fetch_sub(1, Ordering::SeqCst);
                                    Err(Unopened::Full("full"))
                                }
                            },
                            |()| Ok(()),
                        );
                        signed.unwrap();
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(done.into_inner(), 400);
    }

    #[test]
    fn the_first_connection_is_used_first() {
        let pool = Pool::with_first(7, 1);
        let full = || Err(Unopened::Full("asked for a second"));
        assert_eq!(pool.with(full, |n| Ok(*n)), Ok(7));
        assert_eq!(pool.with(full, |n| Ok(*n)), Ok(7));
    }

    #[test]
    fn full_from_the_start_is_an_error() {
        let pool = Pool::<()>::new(4);
        let full = pool.with(|| Nothing::Err(Unopened::Full("full")), |()| Ok(()));
        assert_eq!(full, Err("full"));
        let failed = pool.with(|| Nothing::Err(Unopened::Failed("gone")), |()| Ok(()));
        assert_eq!(failed, Err("gone"));
        assert_eq!(pool.with(|| Nothing::Ok(()), |()| Ok(())), Ok(()));
    }

    #[test]
    fn a_connection_that_failed_is_not_used_again() {
        let opened = AtomicUsize::new(0);
        let pool = Pool::new(1);
        let number = || Ok::<_, Unopened<&str>>(opened.fetch_add(1, Ordering::SeqCst));
        assert_eq!(pool.with(number, |n| Ok(*n)), Ok(0));
        assert_eq!(pool.with(number, |_| Err::<usize, _>("lost")), Err("lost"));
        assert_eq!(pool.with(number, |n| Ok(*n)), Ok(1));
        assert_eq!(pool.with(number, |n| Ok(*n)), Ok(1));
    }

    #[test]
    fn a_pool_that_shrank_opens_fewer() {
        let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let pool = Pool::new(4);
        let start = Barrier::new(4);
        let at_once = |pool: &Pool<()>, wait: &dyn Fn()| {
            let done: Result<(), &str> = pool.with(
                || Ok(()),
                |()| {
                    most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    wait();
                    open.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                },
            );
            done.unwrap();
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    at_once(&pool, &|| {
                        start.wait();
                    });
                });
            }
        });
        assert_eq!(most.swap(0, Ordering::SeqCst), 4);
        pool.shrink();
        pool.shrink();
        pool.shrink();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        at_once(&pool, &std::thread::yield_now);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
    }

    #[test]
    fn a_panic_gives_the_place_back() {
        let pool = Pool::new(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _: Result<(), &str> = pool.with(|| Ok(()), |()| panic!("on purpose"));
        }));
        assert!(panicked.is_err());
        assert_eq!(pool.with(|| Nothing::Ok(()), |()| Ok(())), Ok(()));
    }
}
