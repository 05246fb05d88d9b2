//! To be written.

pub mod codes;
pub mod editor;
mod error;
pub mod header;
pub mod lead;
pub mod package;
pub mod tag;
pub mod yum;

pub use error::{Error, Result};
