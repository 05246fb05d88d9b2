//! Rules of the whole workspace, held by tests.

mod licences;
