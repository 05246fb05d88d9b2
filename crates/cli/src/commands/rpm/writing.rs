//! What the options on writing mean.

use pkgseal_rpm::package::{HardLinks, How, Times, Writing};

use crate::args::{HardLinksName, HowName, WritingArguments};

pub(super) fn of(arguments: &WritingArguments) -> Writing {
    Writing {
        how: match arguments.write {
            HowName::Auto => How::Auto,
            HowName::InPlace => How::InPlace,
            HowName::Copy => How::Copy,
        },
        hard_links: match arguments.hard_links {
            HardLinksName::Break => HardLinks::Break,
            HardLinksName::Follow => HardLinks::Follow,
            HardLinksName::Refuse => HardLinks::Refuse,
        },
        times: if arguments.keep_time {
            Times::Keep
        } else {
            Times::Now
        },
    }
}
