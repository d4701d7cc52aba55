//! What an AccessToken2 is good for: services, each with its own fields and privileges.
//!
//! The numbers are those of the official builders (AgoraIO/Tools, `DynamicKey/AgoraDynamicKey`; npm's `agora-token` 2.0.6).

use super::bad;
use super::pack::{Reader, Writer};
use crate::Result;
use std::collections::BTreeMap;

/// May join the channel.
pub const JOIN_CHANNEL: u16 = 1;
/// May publish audio in the channel.
pub const PUBLISH_AUDIO: u16 = 2;
/// May publish video in the channel.
pub const PUBLISH_VIDEO: u16 = 3;
/// May publish data in the channel.
pub const PUBLISH_DATA: u16 = 4;

/// Privileges by number, each with how long after the token's issue it lasts, seconds. 0 grants nothing.
pub type Privileges = BTreeMap<u16, u32>;

/// What of RTM2 may be used: kind of resource, kind of use, names.
pub type Permissions = BTreeMap<u16, BTreeMap<u16, Vec<String>>>;

/// One service of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Which service, and for whom.
    pub scope: Scope,
    /// What may be done with it, and for how long.
    pub privileges: Privileges,
}

/// Which service, and for whom. Names may be empty: an empty user is any user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// 1: real-time voice and video.
    Rtc {
        /// The channel (room).
        channel: String,
        /// The user: a number as text, or a name; empty (uid 0) leaves the user open.
        uid: String,
    },
    /// 2: real-time messages.
    Rtm {
        /// The user.
        user_id: String,
    },
    /// 3: streaming.
    Streaming {
        /// The channel.
        channel: String,
        /// The user.
        account: String,
    },
    /// 4: full-path acceleration.
    Fpa,
    /// 5: chat.
    Chat {
        /// The user.
        user_id: String,
    },
    /// 6: fusion CDN.
    Fcdn {
        /// The channel.
        channel: String,
        /// The user.
        account: String,
    },
    /// 7: application platform (classrooms).
    Apaas {
        /// The room.
        room_uuid: String,
        /// The user.
        user_uuid: String,
        /// The role; -1 is none.
        role: i16,
    },
    /// 8: real-time messages, second version.
    Rtm2 {
        /// The user.
        user_id: String,
        /// What may be read and written.
        permissions: Permissions,
    },
    /// 9: conversational AI.
    ConvoAi,
    /// 10: speech to text.
    Stt,
}

/// The services' names, each with the names of its privileges from 1 on.
const NAMES: [(&str, &[&str]); 10] = [
    ("rtc", &["join_channel", "publish_audio", "publish_video", "publish_data"]),
    ("rtm", &["login"]),
    ("streaming", &["publish_mix", "publish_raw"]),
    ("fpa", &["login"]),
    ("chat", &["user", "app"]),
    ("fcdn", &["publish", "play"]),
    ("apaas", &["room_user", "user", "app"]),
    ("rtm2", &["login"]),
    ("convo_ai", &[]),
    ("stt", &[]),
];

impl Scope {
    /// The service's number on the wire.
    pub fn number(&self) -> u16 {
        match self {
            Scope::Rtc { .. } => 1,
            Scope::Rtm { .. } => 2,
            Scope::Streaming { .. } => 3,
            Scope::Fpa => 4,
            Scope::Chat { .. } => 5,
            Scope::Fcdn { .. } => 6,
            Scope::Apaas { .. } => 7,
            Scope::Rtm2 { .. } => 8,
            Scope::ConvoAi => 9,
            Scope::Stt => 10,
        }
    }

    /// The service's name, as the JSON form has it.
    pub fn name(&self) -> &'static str {
        NAMES[usize::from(self.number()) - 1].0
    }

    /// The names of the service's privileges, from number 1 on.
    pub fn privilege_names(&self) -> &'static [&'static str] {
        NAMES[usize::from(self.number()) - 1].1
    }

    fn pack(&self, to: &mut Writer) -> Result<()> {
        match self {
            Scope::Rtc { channel, uid: account }
            | Scope::Streaming { channel, account }
            | Scope::Fcdn { channel, account } => {
                to.text(channel)?;
                to.text(account)
            }
            Scope::Rtm { user_id } | Scope::Chat { user_id } => to.text(user_id),
            Scope::Fpa | Scope::ConvoAi | Scope::Stt => Ok(()),
            Scope::Apaas { room_uuid, user_uuid, role } => {
                to.text(room_uuid)?;
                to.text(user_uuid)?;
                to.u16(*role as u16);
                Ok(())
            }
            Scope::Rtm2 { user_id, permissions } => {
                to.text(user_id)?;
                to.count(permissions.len())?;
                for (resource, uses) in permissions {
                    to.u16(*resource);
                    to.count(uses.len())?;
                    for (usage, names) in uses {
                        to.u16(*usage);
                        to.count(names.len())?;
                        names.iter().try_for_each(|name| to.text(name))?;
                    }
                }
                Ok(())
            }
        }
    }

    /// None: a service of this number is not known.
    fn unpack(number: u16, from: &mut Reader) -> Result<Option<Scope>> {
        Ok(Some(match number {
            1 => Scope::Rtc { channel: from.text()?, uid: from.text()? },
            2 => Scope::Rtm { user_id: from.text()? },
            3 => Scope::Streaming { channel: from.text()?, account: from.text()? },
            4 => Scope::Fpa,
            5 => Scope::Chat { user_id: from.text()? },
            6 => Scope::Fcdn { channel: from.text()?, account: from.text()? },
            7 => Scope::Apaas { room_uuid: from.text()?, user_uuid: from.text()?, role: from.i16()? },
            8 => Scope::Rtm2 { user_id: from.text()?, permissions: unpack_permissions(from)? },
            9 => Scope::ConvoAi,
            10 => Scope::Stt,
            _ => return Ok(None),
        }))
    }
}

fn unpack_permissions(from: &mut Reader) -> Result<Permissions> {
    let mut permissions = Permissions::new();
    for _ in 0..from.u16()? {
        let uses = permissions.entry(from.u16()?).or_default();
        for _ in 0..from.u16()? {
            let usage = from.u16()?;
            uses.insert(usage, (0..from.u16()?).map(|_| from.text()).collect::<Result<_>>()?);
        }
    }
    Ok(permissions)
}

impl Service {
    pub(super) fn pack(&self, to: &mut Writer) -> Result<()> {
        to.u16(self.scope.number());
        to.count(self.privileges.len())?;
        for (privilege, expire) in &self.privileges {
            to.u16(*privilege);
            to.u32(*expire);
        }
        self.scope.pack(to)
    }

    /// The next service; None, with nothing taken, where its number is not known: how long it is cannot be told then.
    pub(super) fn unpack(from: &mut Reader) -> Result<Option<Service>> {
        let mut ahead = Reader(from.0);
        let number = ahead.u16()?;
        if usize::from(number).checked_sub(1).is_none_or(|index| index >= NAMES.len()) {
            return Ok(None);
        }
        let count = ahead.u16()?;
        let mut privileges = Privileges::new();
        for _ in 0..count {
            let privilege = ahead.u16()?;
            if privileges.insert(privilege, ahead.u32()?).is_some() {
                return Err(bad("The token names one privilege twice; build it anew."));
            }
        }
        let Some(scope) = Scope::unpack(number, &mut ahead)? else { return Ok(None) };
        *from = ahead;
        Ok(Some(Service { scope, privileges }))
    }
}
