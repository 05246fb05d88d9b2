//! When an answer changes: asked for, never guessed.

use jiff::{SignedDuration, Timestamp};

/// Changes looked for between two dates that are known.
const BETWEEN: usize = 16;

/// An answer over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline<S> {
    /// What is said at the beginning.
    pub first: S,
    /// Every change, in order.
    pub changes: Vec<Change<S>>,
}

/// The first second of another answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<S> {
    /// That second.
    pub at: Timestamp,
    /// What is said from then on.
    pub to: S,
}

/// Asks what is said from `from` to `to`, and finds the second of every change.
///
/// `dates` are moments at which it may change. Each is asked about, and so is the second
/// before it; where the answer changed between two of them for a reason that nobody
/// named, that second is found by bisection.
///
/// # Errors
/// The first error of `ask`.
pub fn timeline<S: Clone + PartialEq, E>(
    from: Timestamp,
    to: Timestamp,
    dates: impl IntoIterator<Item = Timestamp>,
    mut ask: impl FnMut(Timestamp) -> Result<S, E>,
) -> Result<Timeline<S>, E> {
    let from = seconds(from);
    let to = seconds(to).max(from);
    let mut dates: Vec<Timestamp> = dates
        .into_iter()
        .map(first_second)
        .filter(|date| *date > from && *date <= to)
        .collect();
    dates.sort_unstable();
    dates.dedup();
    let first = ask(from)?;
    let mut walk = Walk {
        ask: &mut ask,
        at: from,
        said: first.clone(),
        changes: Vec::new(),
    };
    for date in dates {
        walk.until(step(date, -1))?;
        walk.until(date)?;
    }
    walk.until(to)?;
    Ok(Timeline {
        first,
        changes: walk.changes,
    })
}

struct Walk<'a, S, A> {
    ask: &'a mut A,
    at: Timestamp,
    said: S,
    changes: Vec<Change<S>>,
}

impl<S: Clone + PartialEq, E, A: FnMut(Timestamp) -> Result<S, E>> Walk<'_, S, A> {
    /// Goes on to a moment, and notes what changed on the way.
    fn until(&mut self, to: Timestamp) -> Result<(), E> {
        if to <= self.at {
            return Ok(());
        }
        let last = (self.ask)(to)?;
        for _ in 0..BETWEEN {
            if self.said == last {
                break;
            }
            let (at, said) = self.first_other(to, last.clone())?;
            self.at = at;
            self.said = said.clone();
            self.changes.push(Change { at, to: said });
        }
        self.at = to;
        self.said = last;
        Ok(())
    }

    /// The first second after `self.at` that says something else, at or before `to`, which
    /// does.
    fn first_other(&mut self, to: Timestamp, said: S) -> Result<(Timestamp, S), E> {
        let (mut same, mut other) = (self.at.as_second(), to.as_second());
        let mut found = said;
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            let says = (self.ask)(at(middle))?;
            if says == self.said {
                same = middle;
            } else {
                other = middle;
                found = says;
            }
        }
        Ok((at(other), found))
    }
}

/// A moment without its fraction: OpenPGP and apt count whole seconds.
fn seconds(moment: Timestamp) -> Timestamp {
    at(moment.as_second())
}

/// The first whole second at or after a moment.
fn first_second(moment: Timestamp) -> Timestamp {
    let whole = seconds(moment);
    if whole < moment {
        step(whole, 1)
    } else {
        whole
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// A moment some seconds later.
pub(super) fn step(moment: Timestamp, by: i64) -> Timestamp {
    let end = if by < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    moment
        .checked_add(SignedDuration::from_secs(by))
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What changes at these seconds, in order, and how often that was asked.
    fn found(changes: &[i64], dates: &[i64], from: i64, to: i64) -> (Vec<i64>, usize) {
        let mut asked = 0;
        let line = timeline(at(from), at(to), dates.iter().copied().map(at), |moment| {
            asked += 1;
            let said = changes.iter().filter(|c| moment.as_second() >= **c);
            Ok::<_, ()>(said.count())
        })
        .unwrap();
        let found = line.changes.iter().map(|change| change.at.as_second());
        (found.collect(), asked)
    }

    #[test]
    fn the_very_second_is_found() {
        for changes in [
            vec![],
            vec![1],
            vec![5],
            vec![100],
            vec![7, 8, 9],
            vec![3, 50],
        ] {
            for dates in [vec![], vec![5], vec![3, 7, 8], vec![0, 100, 101, -4]] {
                assert_eq!(found(&changes, &dates, 0, 100).0, changes, "{dates:?}");
            }
        }
    }

    #[test]
    fn nothing_outside_is_found() {
        assert_eq!(found(&[0, 101], &[0, 101], 0, 100).0, [0; 0]);
        assert_eq!(found(&[5], &[5], 10, 3).0, [0; 0]);
    }

    #[test]
    fn known_dates_take_two_questions_each() {
        let (changes, asked) = found(&[1000, 2000], &[1000, 2000, 3000], 0, 1_000_000_000);
        assert_eq!(changes, [1000, 2000]);
        assert!(asked <= 8, "{asked}");
        let (changes, asked) = found(&[1000], &[], 0, 1_000_000_000);
        assert_eq!(changes, [1000]);
        assert!(asked <= 33, "{asked}");
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let line = timeline(
            Timestamp::MIN,
            Timestamp::MAX,
            [Timestamp::MIN, Timestamp::MAX, at(0)],
            |moment| Ok::<_, ()>(moment.as_second() >= 5),
        )
        .unwrap();
        assert_eq!(line.changes.len(), 1);
        assert_eq!(line.changes[0].at, at(5));
    }

    #[test]
    fn fractions_belong_to_the_second_after() {
        let half = Timestamp::from_millisecond(5_500).unwrap();
        let line = timeline(at(0), at(9), [half], |moment| Ok::<_, ()>(moment >= half)).unwrap();
        assert_eq!(line.changes[0].at, at(6));
    }

    #[test]
    fn who_cannot_answer_ends_it() {
        let answer = timeline(at(0), at(9), [at(5)], |moment| {
            if moment < at(5) { Ok(()) } else { Err("gone") }
        });
        assert_eq!(answer, Err("gone"));
    }

    #[test]
    fn an_answer_that_flickers_ends() {
        let line = timeline(at(0), at(1 << 30), [], |moment| {
            Ok::<_, ()>(moment.as_second() % 7)
        });
        assert!(line.unwrap().changes.len() <= BETWEEN);
    }
}
