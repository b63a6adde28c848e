# 简体中文。单行的 Fluent 消息；{ $名称 } 由页面填入。
# Words of the shell
brand = Sycee 细丝
skip-to-content = 跳到正文
nav-main = 主导航
nav-wallet = 钱包
nav-pay = 付款
nav-transfer = 转账
nav-history = 账单
nav-me = 我的
nav-sales = 收款
nav-overview = 总览
log-in = 登录
log-out = 退出登录
register = 注册
theme-to-light = 改用浅色外观
theme-to-dark = 改用深色外观
back = 返回
continue = 下一步
save = 保存
details = 详情
search = 搜索
refresh = 刷新
steps = 步骤
actions = 操作
see-all = 查看全部
to-start = 回到首页

# Money and time
money-words = { $digits } { $currency }
money-in = 收入 { $amount }
money-out = 支出 { $amount }
currency-CNY = 人民币元
currency-EUR = 欧元
currency-GBP = 英镑
currency-HKD = 港元
currency-JPY = 日元
currency-USD = 美元
when-today = 今天 { $clock }
as-of = 截至

# Kinds and states
kind = 类型
kind-top-up = 充值
kind-withdrawal = 提现
kind-transfer = 转账
kind-payment = 付款
kind-refund = 退款
state = 状态
state-started = 处理中
state-completed = 已完成
state-declined = 未成功
state-reversed = 已撤销
state-unknown = 等待银行
state-unknown-note = 银行尚未答复。这笔钱已单独记账，不会丢失，也不会重复扣款。
reason-insufficient-funds = 余额不足，没有扣款。
reason-card-declined = 银行拒绝了这张卡，没有扣款。
reason-bank-unavailable = 银行暂时无法连接，没有扣款。
reason-over-refund = 超过可退金额，没有退款。
reason-other = 规则不允许，没有扣款。

# Notices
notice-card-bound = 银行卡已绑定。
notice-card-removed = 银行卡已移除，过去的交易仍然保留。
notice-wallet-opened = 新的币种钱包已开通。
notice-registered = 注册成功，欢迎使用。
notice-logged-out = 您已退出登录。
notice-saved = 已保存。
notice-refunded = 退款已完成。

# Forms
form-problem = 请先改正以下问题
form-error = 错误：
form-optional = （选填）
trouble-missing = 请填写此项
trouble-not-a-number = 请输入数字金额，例如 8.50
trouble-too-many-decimals = 该币种最多 { $most } 位小数
trouble-too-large = 金额过大
trouble-zero = 金额必须大于零
trouble-insufficient-funds = 余额不足，可用 { $available }
trouble-insufficient-funds-short = 余额不足
trouble-card-declined = 银行拒绝了这张卡，请换一张卡或联系银行
trouble-bank-unavailable = 银行暂时无法连接，请稍后再试，没有扣款
trouble-no-card = 请选择一张银行卡
trouble-payee-unknown = 没有找到这个用户名或手机号
trouble-name-changed = 对方的姓名刚刚变了，请重新核对
trouble-payee-is-self = 不能转账给自己
trouble-payee-has-no-wallet = 对方没有该币种的钱包
trouble-merchant-unknown = 商户不存在或不收该币种
trouble-login-taken = 这个用户名已被使用
trouble-phone-taken = 这个手机号已被使用
trouble-login-form = 用户名为 3 到 40 位字母、数字、点、连字符或下划线
trouble-phone-form = 请输入正确的手机号，例如 13800000001
trouble-password-too-short = 密码至少 { $least } 个字符
trouble-password-known = 这个密码人人都会先试，请换一个
trouble-wrong-password = 用户名或密码不正确
trouble-throttled = 尝试次数过多，请在 { $seconds } 秒后再试
trouble-card-number = 卡号不正确，请核对
trouble-expiry = 请按 月/年 填写有效期，例如 08/29
trouble-card-expired = 这张卡已过期
trouble-card-unknown = 银行不认识这张卡，或姓名不符
trouble-over-refund = 超过这笔付款可退的金额
trouble-key-reused = 这份表单已经提交过，内容不同；请重新填写
trouble-too-long = 最多 { $most } 个字符
trouble-refused = 规则不允许这次操作

# Log-in and registration
login = 用户名
login-hint = 3 到 40 位字母、数字、点、连字符或下划线
password = 密码
password-hint = 至少 8 个字符，最好是一句自己的话
phone = 手机号
phone-hint = 别人可以用它给您转账
phone-why = 用于收款和核对姓名
display-name = 姓名
display-name-hint = 别人转账前会看到打码后的姓名
no-account = 还没有账户？
have-account = 已有账户？
register-title = 开一个钱包
login-town-hint = 第一次来？不需要密码：
login-town-link = 在小镇首页一键进入
welcome-title = 细丝电子钱包
welcome-note = 充值、付款、转账、收款，每一分钱都对得上。

# Holder
greeting = { $name }，您好
balance-available = 可用余额
balance-in-flight = 另有 { $amount } 在途或审核中
balance-after = 之后余额
recent = 最近交易
recent-empty = 还没有交易。先充值，就可以付款了。
pay = 付款
transfer = 转账
top-up = 充值
withdraw = 提现
amount = 金额
amount-available = 可用 { $available }
quick-amounts = 常用金额
currency = 币种
from-card = 从这张卡扣款
to-card = 提现到这张卡
top-up-note = 由银行授权后到账，通常一秒之内。重复点击只会充值一次。
withdraw-note = 先从钱包冻结，银行付出后扣除；银行未付则自动退回。
memo = 备注
memo-pay-hint = 例如：一碗牛肉面
payee = 收款人
payee-hint = 对方的用户名或手机号
step-payee = 收款人和金额
step-check = 核对姓名
step-done = 完成
transfer-check = 核对收款人
transfer-check-note = 姓名已打码。请确认这是您要转账的人，转出后由对方决定是否退回。
transfer-now = 确认转账 { $amount }
change-details = 修改
pay-title = 付给谁
pay-search = 搜索商户
pay-none = 没有找到商户。
pay-all = 显示全部商户
pay-shop = 付给 { $shop }
pay-to = 商户
pay-check = 确认付款
pay-now = 确认付款 { $amount }

# Cards
cards-title = 银行卡
cards-empty = 还没有绑定银行卡。
cards-none = 还没有绑定
cards-bound = 已绑定 { $count } 张
cards-note = 卡号由银行保管，这里只有末四位。
card-bind = 绑定银行卡
card-bind-note = 卡号只送到银行换取凭证，本系统不保存。
card-bank = 银行
card-number = 卡号
card-number-hint = 12 到 19 位数字
card-expiry = 有效期
card-expiry-hint = 月/年，例如 08/29
card-name = 卡上姓名
card-label-of = { $bank }，末四位 { $last4 }
card-remove = 移除此卡
card-remove-note = 过去的交易会保留。
card-remove-this = 移除 { $card }

# Bills
csv = 下载 CSV
history-empty = 没有符合条件的交易。
history-all = 显示全部
filter-kind = 类型
filter-all = 全部
filter-from = 从
filter-until = 到
filter-apply = 筛选
pager = 翻页
older = 更早
newest = 最新

# One transaction
payer = 付款方
payee-name = 收款方
time = 时间
refund-of = 原付款
show-payment = 查看原付款
transaction-number = 交易号
refunds = 退款记录
story = 经过
moment-recorded = 已记下意图
moment-waiting = 等待银行答复
moment-completed = 账本已入账
moment-declined = 被拒绝，资金未动
moment-reversed = 已撤销，资金退回
moment-refunded = 已退款
receipt = 收据
receipt-a4 = A4 收据
receipt-80 = 80 毫米小票
receipt-printed = 打印于
receipt-note = 此收据由账本中的记录生成。
print = 打印
refund = 退款
refund-title = 退款
refund-amount = 退款金额
refund-left = 最多可退 { $left }
refund-reason = 原因
refund-now = 退款给付款人

# Merchant
sold-today = 今日收款
sales-today = 今日笔数
sold = 收款
refunded-today = 已退
refunded-of = 已退 { $amount }
shop-balance = 账户余额
shop-balance-note = 可用于退款和结算
sales-by-hour = 今日每小时收款
latest-sales = 最近收款
sales-empty = 今天还没有收款。
hour = 时

# Operator
float = 银行备付金
in-wallets = 用户钱包
in-shops = 商户账户
in-flight = 在途
difference = 差额
equation = 资金平衡
adds-up = 所有的钱都对得上：
does-not-add-up = 账不平，差额：
volume-by-day = 每日付款金额
volume = 金额
day = 日期
payments-by-hour = 今日每小时付款笔数
payments = 笔数
completed-today = 今日完成
failures-note = { $tried } 笔中 { $failed } 笔未成功
waiting-for-bank = 等待银行
waiting-note = 资金在途，已记账
holders = 持有人
latest-operations = 最近操作
operations-empty = 还没有操作。

# Settings
profile = 个人资料
wallets = 币种钱包
wallet-open = 开通
wallet-open-in = 再开一个币种
language = 语言
theme = 外观
theme-system = 跟随系统
theme-light = 浅色
theme-dark = 深色

# Town
town-title = 青柳镇
town-eyebrow = 青柳镇 · 一座活的演示小镇
town-headline = 一座小镇，每一分钱都对得上。
town-lead = 细丝是开源的电子钱包系统。眼前的每一次闪动，都是真实账本里的一笔真实转账：有人吃面，有人坐车，有人发工资。走进去，亲手付一次款。
town-issued = 银行备付金
town-held = 钱包、商户与卡片
town-caption = { $banks } 家银行 · { $shops } 家商户 · { $holders } 位居民
visit-title = 一键走进小镇
role-holder = 持卡人：付款、转账、充值
role-merchant = 店主：收款、退款
role-cashier = 收银员：今日收款
role-operator = 运营方：看全镇的账
outings-title = 出门逛逛，随便使坏
outing-web-shop = 网上书店
outing-web-shop-note = 下单，用钱包付款
outing-cards = 卡片与收银机
outing-cards-note = 断网、抽卡、复制卡
outing-two-cards = 两张卡
outing-two-cards-note = 没有网络，互相付款
outing-records-room = 档案室
outing-records-room-note = 改审计日志，看它被发现
ticker-title = 刚刚发生
event-payment = { $who } 在 { $place } 付款
event-payment-elsewhere = { $who } 付款
event-refund = { $place } 退款给 { $who }
event-top-up = { $who } 从 { $place } 充值
event-withdrawal = { $who } 提现到 { $place }
event-transfer = { $who } 转账给朋友
event-declined = { $who } 的一笔交易未成功，资金未动
map-title = 青柳镇地图
why-ledger = 由账本裁决
why-ledger-note = 余额、重复提交、超额退款都由复式账本判定。断电、重试、并发都不会多出或丢失一分钱。
why-safe = 断在哪里都能续上
why-safe-note = 每一步都可以重复，却只发生一次。银行没有答复时，钱在途中等待，然后自动完成或退回。
why-one = 一个程序，一条命令
why-one-note = 账本、银行、网页和整座小镇都在同一个程序里，不需要数据库服务器，也不连接任何第三方。
foot = 青柳镇与其中的人物均为虚构。

# Charts
chart-as-table = 以表格显示
chart-description = 最高值 { $value }，在 { $label }

# Faults
fault-not-found = 找不到这个页面
fault-not-found-note = 地址可能有误，或者这个页面属于别人。
fault-forbidden = 您没有权限
fault-forbidden-note = 这个页面属于另一种身份。
fault-forged = 这份表单已失效
fault-forged-note = 请回到上一页，刷新后再提交。没有资金变动。
fault-bad-request = 无法理解这个请求
fault-bad-request-note = 请回到上一页重试。没有资金变动。
fault-too-many = 请求过于频繁
fault-too-many-note = 请稍候再试。
fault-refused = 现在不能这样做
fault-internal = 系统出了问题
fault-internal-note = 已经开始的操作会自动完成或撤销，请在账单中查看结果。
