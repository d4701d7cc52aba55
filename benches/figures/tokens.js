// npm's agora-token: AccessToken2 with the four RTC privileges. Prints tokens a second of processor time.
const { RtcTokenBuilder, RtcRole } = require('agora-token')

const [app, certificate] = ['0123456789abcdef0123456789abcdef', 'fedcba9876543210fedcba9876543210']
const build = count => {
    for (let i = 0; i < count; i++) {
        RtcTokenBuilder.buildTokenWithUid(app, certificate, 'hall', 7, RtcRole.PUBLISHER, 3600, 3600)
    }
}
const COUNT = 20000
build(COUNT / 10)
const before = process.cpuUsage()
build(COUNT)
const used = process.cpuUsage(before)
console.log(COUNT / ((used.user + used.system) / 1e6))
