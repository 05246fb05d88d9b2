//! Which generations a directory has had, and what belongs to each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::{Retention, journal, sealed_text};
use crate::{Error, Result, SafePath, StagedFile, read_file};
use jiff::Timestamp;

const TITLE: &str = "pkgseal generations 1";

/// Bytes of a record.
const LIMIT: u64 = 256 << 20;

/// What belongs to one generation of a directory, relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// When it was published.
    pub time: Timestamp,
    /// What stands under names that no other generation gives to something else: indices
    /// under their digests.
    pub objects: BTreeSet<SafePath>,
    /// What stands under names that every generation uses anew.
    pub names: BTreeSet<SafePath>,
}

/// The generations of every directory, the newest first; `.` is the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record(BTreeMap<String, Vec<Kept>>);

impl Record {
    /// What earlier publications noted; nothing is noted of a repository that others made.
    ///
    /// # Errors
    /// [`Error::Journal`] when it is damaged; [`Error::Read`].
    pub fn read(folder: &Path) -> Result<Self> {
        let path = journal::generations(folder);
        let text = match read_file(&path, LIMIT) {
            Err(Error::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            text => text?,
        };
        Self::parse(&String::from_utf8_lossy(&text))
            .map_err(|reason| Error::Journal { path, reason })
    }

    /// Adds a generation, together with objects that stood there and nobody had noted,
    /// and forgets those that `keep` lets go. Returns what no generation that is kept
    /// has any more: objects, and names of indices that are not in the new one.
    pub fn add(
        &mut self,
        directory: &str,
        new: Kept,
        found: &BTreeSet<SafePath>,
        keep: Retention,
    ) -> BTreeSet<SafePath> {
        let generations = self.0.entry(directory.to_owned()).or_default();
        let noted = |object: &&SafePath| {
            new.objects.contains(*object) || generations.iter().any(|g| g.objects.contains(*object))
        };
        let strangers: BTreeSet<SafePath> = found.iter().filter(|o| !noted(o)).cloned().collect();
        if !strangers.is_empty() {
            match generations.first_mut() {
                Some(last) => last.objects.extend(strangers),
                None => generations.push(Kept {
                    time: new.time,
                    objects: strangers,
                    names: BTreeSet::new(),
                }),
            }
        }
        let names = new.names.clone();
        // New dates over old indices are no new generation of indices.
        match generations.first_mut() {
            Some(last) if last.objects == new.objects => *last = new,
            _ => generations.insert(0, new),
        }
        let mut gone: BTreeSet<SafePath> = BTreeSet::new();
        let times: Vec<Timestamp> = generations.iter().map(|kept| kept.time).collect();
        for old in generations.split_off(keep.count(&times)) {
            gone.extend(old.objects);
        }
        for kept in &mut *generations {
            for object in &kept.objects {
                gone.remove(object);
            }
            gone.extend(kept.names.difference(&names).cloned());
            kept.names = kept.names.intersection(&names).cloned().collect();
        }
        gone
    }

    /// Every object noted of a directory.
    pub fn objects(&self, directory: &str) -> impl Iterator<Item = &SafePath> {
        let generations = self.0.get(directory).into_iter().flatten();
        generations.flat_map(|kept| &kept.objects)
    }

    /// Objects noted of a directory that its newest generation has not: they stay for
    /// readers of older ones.
    pub fn retired(&self, directory: &str) -> BTreeSet<SafePath> {
        let mut generations = self.0.get(directory).into_iter().flatten();
        let Some(newest) = generations.next() else {
            return BTreeSet::new();
        };
        let older: BTreeSet<SafePath> = generations
            .flat_map(|kept| kept.objects.iter().cloned())
            .collect();
        older.difference(&newest.objects).cloned().collect()
    }

    /// Writes it where a publication is built, durably; it takes effect with that.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn write(&self, next: &Path) -> Result<()> {
        let path = next.join("generations");
        let mut staged = StagedFile::create(&path)?;
        staged
            .write_all(self.to_text().as_bytes())
            .map_err(|error| Error::write(&path, error))?;
        staged.commit()
    }

    fn to_text(&self) -> String {
        let mut text = format!("{TITLE}\n");
        for (suite, generations) in &self.0 {
            let _ = writeln!(text, "suite {suite}");
            for kept in generations {
                let _ = writeln!(text, "generation {}", kept.time);
                for object in &kept.objects {
                    let _ = writeln!(text, "object {object}");
                }
                for name in &kept.names {
                    let _ = writeln!(text, "name {name}");
                }
            }
        }
        sealed_text::close(text)
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        const UNKNOWN: &str = "it has an unknown line";
        let mut record = Self::default();
        let mut current: Option<&mut Vec<Kept>> = None;
        let safe = |path: &str| SafePath::new(path).map_err(|_| "it names an unsafe path");
        for line in sealed_text::open(text, TITLE)? {
            let (word, rest) = line.split_once(' ').ok_or(UNKNOWN)?;
            if word == "suite" {
                current = Some(record.0.entry(rest.to_owned()).or_default());
                continue;
            }
            let generations = current.as_mut().ok_or(UNKNOWN)?;
            if word == "generation" {
                generations.push(Kept {
                    time: rest.parse().map_err(|_| UNKNOWN)?,
                    ..Kept::default()
                });
                continue;
            }
            let kept = generations.last_mut().ok_or(UNKNOWN)?;
            match word {
                "object" => kept.objects.insert(safe(rest)?),
                "name" => kept.names.insert(safe(rest)?),
                _ => return Err(UNKNOWN),
            };
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<SafePath> {
        paths
            .iter()
            .map(|path| SafePath::new(path).unwrap())
            .collect()
    }

    fn newest(generations: usize) -> Retention {
        Retention {
            generations,
            ..Retention::default()
        }
    }

    fn kept(objects: &[&str], names: &[&str]) -> Kept {
        Kept {
            time: "2025-03-01T00:00:00Z".parse().unwrap(),
            objects: set(objects),
            names: set(names),
        }
    }

    #[test]
    fn the_oldest_generation_goes_and_nothing_a_kept_one_has() {
        let mut record = Record::default();
        let none = BTreeSet::new();
        let mut add = |objects: &[&str], names: &[&str], keep| {
            record.add("dists/a", kept(objects, names), &none, newest(keep))
        };
        assert_eq!(add(&["h/1", "h/s"], &["P", "Q"], 3), set(&[]));
        assert_eq!(add(&["h/2", "h/s"], &["P", "Q"], 3), set(&[]));
        assert_eq!(add(&["h/3"], &["P", "Q"], 3), set(&[]));
        assert_eq!(add(&["h/4"], &["P"], 3), set(&["h/1", "Q"]));
        assert_eq!(add(&["h/1"], &["P"], 3), set(&["h/2", "h/s"]));
        // Dates alone push nothing out.
        assert_eq!(add(&["h/1"], &["P"], 3), set(&[]));
        assert_eq!(add(&["h/1"], &["P"], 3), set(&[]));
        assert_eq!(add(&["h/5"], &["P"], 1), set(&["h/3", "h/4"]));
        assert_eq!(record.retired("dists/a"), set(&["h/1"]));
        assert_eq!(record.retired("dists/b"), set(&[]));
        let text = record.to_text();
        assert_eq!(Record::parse(&text).unwrap(), record);
    }

    #[test]
    fn objects_of_others_age_with_the_generation_they_stood_beside() {
        let mut record = Record::default();
        let found = set(&["h/x", "h/1"]);
        assert_eq!(
            record.add(".", kept(&["h/1"], &[]), &found, newest(2)),
            set(&[])
        );
        let found = set(&["h/x", "h/1", "h/y"]);
        assert_eq!(
            record.add(".", kept(&["h/2"], &[]), &found, newest(2)),
            set(&["h/x"])
        );
        let found = set(&["h/1", "h/2", "h/y"]);
        let gone = record.add(".", kept(&["h/3"], &[]), &found, newest(2));
        assert_eq!(gone, set(&["h/1", "h/y"]));
        assert_eq!(record.retired("."), set(&["h/2"]));
    }

    #[test]
    fn a_broken_record_is_refused() {
        for body in [
            "pkgseal generations 9\n",
            "pkgseal generations 1\nobject a\n",
            "pkgseal generations 1\nsuite .\nobject a\n",
            "pkgseal generations 1\nsuite .\ngeneration never\n",
            "pkgseal generations 1\nsuite .\ngeneration 2025-03-01T00:00:00Z\nobject ../a\n",
            "pkgseal generations 1\nsuite .\ngeneration 2025-03-01T00:00:00Z\nthing a\n",
        ] {
            let text = sealed_text::close(body.to_owned());
            assert!(Record::parse(&text).is_err(), "{body}");
        }
    }
}
