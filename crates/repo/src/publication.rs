//! Changing a repository that others read: one publisher at a time, and a reader finds
//! the old generation or the new one.
//!
//! What is new is built aside, beneath `ROOT/.pkgseal/next`, as a [`Stage`] for each
//! directory, and verified there. A [`Journal`] then says what is to be done: whole
//! directories are exchanged in one step (`renameat2(2)`, `RENAME_EXCHANGE`), or files are
//! renamed one by one in an order that their format gives. Until the journal is on the
//! disk nothing has happened, and the next publisher removes what was built; from then on
//! the publication happens, and whoever takes the [`Lock`] next completes it. A [`Record`]
//! notes which files each generation had, so that those of the last ones stay.
//!
//! State between runs is written with an [`Encoder`]; a [`Stat`] tells that a file was not
//! touched since, and [`walk`] asks for those of a whole pool.

mod codec;
mod disk;
mod journal;
mod lock;
mod pool;
mod record;
mod retention;
mod sealed_text;
mod stat;

pub use codec::{Decoder, Encoder};
pub use disk::{Stage, alike, holds, real_directory, same_device, unobstructed};
pub use journal::{How, Journal, Move, Part, next, stands, sweep};
pub use lock::{FOLDER, Lock};
pub use pool::{EntryKind, Pool, PoolEntry, Pooled, walk};
pub use record::{Kept, Record};
pub use retention::Retention;
pub use stat::Stat;
