// npm's agora-token, the official AccessToken2: builds what Stoa is to verify, and checks what Stoa built.
// Usage: node agora_token.js build APP CERTIFICATE | check APP CERTIFICATE TOKEN
const {
    AccessToken2, Rtm2Permissions, ServiceApaas, ServiceChat, ServiceConvoAI, ServiceFCdn, ServiceFpa, ServiceRtc,
    ServiceRtm, ServiceRtm2, ServiceStreaming, ServiceStt,
} = require('agora-token/src/AccessToken2')
const { RtcTokenBuilder, RtcRole } = require('agora-token')

const [mode, app, certificate, given] = process.argv.slice(2)
const permissions = () => {
    const all = new Rtm2Permissions()
    all.add(Rtm2Permissions.kMessageChannels, Rtm2Permissions.kRead, ['a', 'b'])
    all.add(Rtm2Permissions.kUsers, Rtm2Permissions.kWrite, [])
    return all
}
// Every service, as tests/interop_tokens.rs has them.
const services = () => [
    new ServiceRtc('hall', 7), new ServiceRtm('u'), new ServiceStreaming('c', 'acc'), new ServiceFpa(), new ServiceChat('u'),
    new ServiceFCdn('c', 'acc'), new ServiceApaas('r', 'u', 3), new ServiceRtm2('u', permissions()), new ServiceConvoAI(),
    new ServiceStt(),
]
const whole = () => {
    const token = new AccessToken2(app, certificate, Math.floor(Date.now() / 1000), 600)
    for (const service of services()) {
        service.add_privilege(1, 600)
        service.add_privilege(2, 300)
        token.add_service(service)
    }
    return token
}

if (mode === 'build') {
    console.log(whole().build())
    console.log(RtcTokenBuilder.buildTokenWithUid(app, certificate, 'hall', 7, RtcRole.PUBLISHER, 600, 300))
} else {
    const token = new AccessToken2('', '', 0, 0)
    const right = token.from_string(given) && token.verifySignature(certificate)
    const wrong = token.verifySignature(app)
    const packed = list => Buffer.concat(list.map(service => service.pack())).toString('hex')
    const same = packed(token.services) === packed(whole().services)
    console.log(JSON.stringify({ right, wrong, same, app: String(token.appId), expire: token.expire }))
}
