//! The newest entries of a package's changelog.

use super::values::Values;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change<'a> {
    /// Seconds since 1970.
    pub(super) time: u64,
    pub(super) author: &'a [u8],
    pub(super) text: &'a [u8],
}

/// The newest `limit` entries, the oldest of them first. Where several have one time they
/// get different ones, a second apart, so that their order survives.
pub(super) fn newest(values: Values<'_>, limit: usize) -> Vec<Change<'_>> {
    const TIME: u32 = 1080;
    const NAME: u32 = 1081;
    const TEXT: u32 = 1082;
    let rows = values
        .numbers(TIME)
        .zip(values.texts(NAME))
        .zip(values.texts(TEXT));
    let changes = rows.take(limit).map(|((time, author), text)| Change {
        time,
        author: trimmed(author),
        text,
    });
    spread(changes.collect())
}

/// Without spaces at the end; one character always stays.
fn trimmed(author: &[u8]) -> &[u8] {
    let last = author.iter().rposition(|&b| b != b' ').unwrap_or(0);
    author.get(..=last).unwrap_or(author)
}

/// Takes them newest first and gives them oldest first.
fn spread(newest_first: Vec<Change<'_>>) -> Vec<Change<'_>> {
    let mut known: Vec<Change<'_>> = Vec::with_capacity(newest_first.len());
    let mut last = 0;
    for change in newest_first {
        let time = change.time;
        if time == last {
            for (expected, newer) in (time..).zip(known.iter_mut().rev()) {
                if newer.time != expected {
                    break;
                }
                newer.time += 1;
            }
        } else {
            last = time;
        }
        known.push(change);
    }
    known.reverse();
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_time_are_told_apart() {
        let changes = [5, 5, 5, 4, 3, 3].map(|time| Change {
            time,
            author: b"a",
            text: b"t",
        });
        let times: Vec<u64> = spread(changes.to_vec()).iter().map(|c| c.time).collect();
        // Those that are pushed push others.
        assert_eq!(times, [3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn spaces_go_from_the_end_of_names() {
        assert_eq!(trimmed(b"A <a>  "), b"A <a>");
        assert_eq!(trimmed(b"  "), b" ");
        assert_eq!(trimmed(b""), b"");
    }
}
