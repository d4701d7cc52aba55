//! The smaller grants: telephony, agents, models, observations.

use super::Fields;
use crate::Result;
use serde_json::{Map, Value};

/// Grants that are nothing but flags.
macro_rules! flags {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: bool,)*
            /// Grants that are not known here.
            pub other: Map<String, Value>,
        }

        impl $name {
            pub(super) fn from_json(fields: &mut Fields, key: &str) -> Result<Option<$name>> {
                let Some(mut own) = fields.object(key)? else { return Ok(None) };
                Ok(Some($name { $($field: own.flag($key)?.unwrap_or(false),)* other: own.0 }))
            }

            pub(super) fn to_json(&self) -> Value {
                let mut map = self.other.clone();
                $(if self.$field {
                    map.insert($key.into(), true.into());
                })*
                map.into()
            }
        }
    };
}

flags! {
    /// Telephony.
    SipGrant {
        /// Everything.
        admin = "admin",
        /// Calling out.
        call = "call",
    }
}
flags! {
    /// Agents in LiveKit's cloud.
    AgentGrant {
        /// Making, changing and deleting agents.
        admin = "admin",
        /// Simulations.
        simulation_admin = "simulationAdmin",
        /// The agents' databases.
        database_admin = "databaseAdmin",
    }
}
flags! {
    /// Models in LiveKit's cloud.
    InferenceGrant {
        /// Using them.
        perform = "perform",
    }
}
flags! {
    /// Observations of a session.
    ObservabilityGrant {
        /// Publishing them.
        write = "write",
    }
}
