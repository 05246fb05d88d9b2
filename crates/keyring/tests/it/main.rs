//! Keyrings as users keep them, and keys as peers take them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and tell what they skip"
)]

mod audit;
mod consumer;
mod doctor;
mod doctor_world;
mod generate;
mod lifecycle;
mod lifecycle_gpg;
mod mend;
mod open;
mod pictures;
mod purpose;
mod real;
mod secret;
mod shipped;
mod tools;
