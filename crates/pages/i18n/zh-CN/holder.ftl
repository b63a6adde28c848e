# 持卡人：卡、限额、交易、请求、缴费、邻里、通知。每行一条 Fluent 消息；页面填入 { $name }。
# Cards
card-default = 用于一键支付
card-state-valid = 有效
card-state-expired = 已过期
card-state-frozen = 已冻结
card-state-stopped = 银行已止付
card-state-blacklisted = 已列入黑名单
card-state-revoked = 已注销
card-state-expired-note = 这张卡已过有效期。请向银行换新卡后重新绑定。
card-state-frozen-note = 您冻结了这张卡。解冻前它不能用于充值、提现和支付。
card-state-stopped-note = 银行暂时停用了这张卡。请向银行查询。
card-state-blacklisted-note = 银行把这张卡列入了黑名单，不能再使用。
card-state-revoked-note = 银行注销了这张卡，不能再使用。
cards-view = 卡片的显示方式
cards-view-pictures = 卡面
cards-view-details = 详情
cards-view-icons = 图标
card-brand = 卡组织
card-bound-at = 绑定时间
card-history = 这张卡的交易
card-balance = 银行账户余额
card-balance-ask = 向银行查询
card-label = 卡片名称
card-label-name = 您给它起的名字
card-label-hint = 例如：工资卡
card-freeze = 冻结这张卡
card-unfreeze = 解冻这张卡
card-default-make = 设为一键支付
card-default-end = 一键支付改用余额

# Lost device and limits
lost-title = 手机或卡丢失
lost-entry = 立即停止我的一切支付
lost-what = 按下按钮后立即生效：
lost-spending = 钱包不能再付款、转账和提现，直到您解除。
lost-cards = 所有银行卡被冻结。
lost-sessions = 其他设备上的登录全部退出。
lost-incoming = 别人付给您的钱仍然会到账。
lost-stop = 停止一切
lost-stopped = 您的支付已全部停止。
lost-since = 停止时间
lost-release-note = 找回手机或换好设备后，输入密码即可恢复。
lost-release = 恢复支付
lost-unfreeze = 银行卡仍然冻结，请逐张解冻
limits = 支付限额
limits-note = 降低立即生效；提高要等 24 小时，这样偷到登录的人也无法马上提高。
limit-single = 单笔限额
limit-daily = 每日限额
limit-none = 不限
limit-left-today = 今日剩余
limit-left = 限额剩余
limit-used-today = 今日已用
limit-raised-from = 提高生效时间
limit-raised-to = 届时单笔 / 每日
limit-change = 修改限额
limit-empty-hint = 留空表示不限

# History
months = 月度汇总
month = 月份
months-in = 收入
months-out = 支出
months-empty = 这几个月还没有交易。
count = 笔数
sum = 合计
pdf = 下载 PDF
filter-search = 搜索
filter-tag = 标签
annotation = 我的备注
annotation-note = 备注
annotation-hint = 只有您自己看得到
annotation-tags = 标签
annotation-tags-hint = 用空格分开，例如：早餐 出差
reason-over-daily-limit = 超过了您自己设的每日限额，没有扣款。
reason-paid-before = 这一笔之前已经付过，没有再次扣款。

# Requests
requests = 收款请求
request-ask = 请人付款
requests-empty = 还没有收款请求。
requests-to-pay = 等我付
requests-asked = 我发出的
request-open = 等待付款
request-paid = 已付
request-declined = 已拒绝
request-withdrawn = 已撤回
request-expired = 已过期
request-people = 向谁收款
request-people-hint = 用户名或手机号；几个人之间用空格或逗号分开
request-total = 总金额
request-total-hint = 几个人时平均分摊
request-own-part = 我自己也分摊一份
request-own = 我的一份
request-check = 核对收款请求
request-check-note = 请核对姓名。对方会收到通知，可以付款或拒绝。
request-send = 发出请求
request-to-you = { $name }请您付款
request-by-you = 您请{ $name }付款
request-until = 有效期至
request-decline = 拒绝
request-withdraw = 撤回请求
balance-short = 余额不足，请先充值。

# Paying
community = 社区服务
favourite = 常用商户
favourite-make = 设为常用
favourite-end = 取消常用
shop-history = 我在这里的交易
instrument-wallet = 钱包余额
instrument-unusable = 不可用
pay-one-click = 一键支付：{ $instrument }
pay-with = 付款方式

# Bills
bills = 生活缴费
bills-empty = 没有待缴的账单。
bills-open = 待缴
bills-ended = 已结
bill-due = 待缴
bill-overdue = 已逾期
bill-paid = 已缴
bill-withdrawn = 已撤回
bill-electricity = 电费
bill-gas = 燃气费
bill-other = 其他费用
bill-property-fee = 物业费
bill-water = 水费
bill-until = { $day } 前缴纳
bill-biller = 收费单位
bill-account = 户号
bill-period = 账期
bill-due-day = 缴费期限

# Board
board = 邻里互助
board-note = 邻居之间的供需。谈好后由付款的一方结清，付款只会发生一次。
board-empty = 还没有人发布。
board-own = 我参与的
post-new = 发布
post-offer = 提供
post-want = 求助
post-offer-long = 我提供，对方付款
post-want-long = 我需要，由我付款
post-title = 标题
post-words = 说明
post-price = 价格
post-put = 发布到公告板
post-author = 发布人
post-partner = 达成人
post-open = 开放
post-agreed = 已谈妥
post-settled = 已结清
post-withdrawn = 已撤回
post-agree-offer = 我要，由我付款
post-agree-want = 我来做，由对方付款
post-agree-note = 谈妥后钱还没有动，付款的一方稍后结清。
post-disagree = 取消约定
post-withdraw = 撤回

# Notifications
notifications = 通知
notifications-unread = 通知，{ $count } 条未读
notifications-read = 全部标为已读
notifications-empty = 还没有通知。
notifications-choose = 通知我这些事
notification-new = 新
tell-bill-due = 新账单
tell-board-answer = 邻里互助的回应
tell-low-balance = 余额过低
tell-money-received = 收到转账
tell-request-declined = 收款请求被拒绝
tell-request-paid = 收款请求已付
told-bill-due = { $actor }的账单：{ $amount }
told-board-answer = { $actor }回应了您在公告板上的发布（{ $amount }）
told-limits-changed = 支付限额已修改
told-low-balance = 余额低于您设的提醒线：{ $amount }
told-money-received = { $actor }转给您 { $amount }
told-money-requested = { $actor }请您付 { $amount }
told-payment-ended = 付给{ $actor }的 { $amount } 银行已有答复
told-refund-received = { $actor }退给您 { $amount }
told-request-declined = { $actor }拒绝了 { $amount } 的收款请求
told-request-paid = { $actor }付了 { $amount } 的收款请求
told-security = 账户安全设置有变动
low-balance = 余额低于多少时提醒我
low-balance-hint = 留空表示不提醒

# Home and settings
attention = 待办
attention-stopped = 您的支付已全部停止
attention-overdue = { $count } 张账单已逾期
attention-bills = { $count } 张账单待缴
attention-requests = { $count } 个收款请求等您答复
attention-low-balance = 余额低于您的提醒线
settings-cards-note = 查看、冻结、查余额
settings-limits-note = 单笔和每日限额
settings-notifications-note = 看看发生了什么，选择要通知的事

# Notices and troubles
notice-card-frozen = 银行卡已冻结。
notice-card-unfrozen = 银行卡已解冻。
notice-asked = 收款请求已发出。
notice-told = 已答复，对方会收到通知。
notice-stopped = 一切已停止：支付、银行卡和其他设备上的登录。
notice-released = 支付已恢复。银行卡请逐张解冻。
notice-posted = 已发布到公告板。
notice-limits-saved = 限额已生效。
notice-limits-later = 降低的部分已生效，提高的部分 24 小时后生效。
notice-note-saved = 备注已保存。
trouble-over-single-limit = 超过了您自己设的单笔限额。可在“支付限额”里查看。
trouble-over-daily-limit = 超过了您自己设的每日限额的剩余部分。
trouble-spending-stopped = 您已停止一切支付。在“手机或卡丢失”里恢复后再试。
trouble-not-open = 它已付、已拒绝、已撤回或已过期。
trouble-people = 请填写 1 到 20 人，每人一次，不含您自己。

# Documents
doc-statement = 对账单
doc-period = 期间
doc-holder = 持卡人
doc-counterparty = 对方
doc-balance = 余额
doc-opening = 期初余额
doc-closing = 期末余额
doc-page = 第 { $page } 页，共 { $pages } 页
doc-no-font = 这台服务器没有中文字体，无法生成 PDF。请改用打印页或 CSV；运营方安装 fonts-noto-cjk 后即可下载。
