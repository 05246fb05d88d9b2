//! Packages and repositories against real tools, real files, and every kind of damage.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests fail loudly, and say what they skip"
)]

mod agreement;
mod attacks;
mod cases;
mod common;
mod damage;
mod dnf;
mod faults;
mod flips;
mod in_place;
mod index;
mod lint;
mod memory;
mod mirror;
mod moving;
mod publishing;
mod repositories;
mod resign;
mod rpmsign;
mod sequences;
mod signing;
mod unsigning;
mod vectors;
