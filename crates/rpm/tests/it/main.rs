//! Packages and repositories against real tools, real files, and every kind of damage.

mod common;
mod signing;
mod vectors;
