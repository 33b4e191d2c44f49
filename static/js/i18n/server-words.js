/**
 * The reasons and errors the server writes in English, in the page's language; what is not known
 * stays as it is. tests/test_reasons.py looks whether all are known.
 */

import { language } from './i18n.js';

// `{}` stands for a value, which is translated too where it is known.
/** @type {Record<string, string>} */
export const SPANISH = {
  // What a person asked for can't be done.
  'At least one administrator is required': 'Debe haber al menos un administrador',
  'Internal error': 'Error interno del servidor',
  'No such bot': 'Ese bot no existe',
  'No such message': 'Ese mensaje no existe',
  'No such message in this chat': 'Ese mensaje no está en este chat',
  'No such note': 'Esa nota no existe',
  'No such operator': 'Ese operador no existe',
  'No such reply': 'Esa respuesta no existe',
  'No such stream': 'Esa conexión en vivo no existe',
  'Only with the state snoozed': 'Solo con el estado pospuesto',
  'Only an admin of all those bots may do this':
    'Solo puede hacerlo un administrador de todos esos bots',
  "Redis can't be reached": 'No se llega a Redis',
  'Shutting down': 'El servidor se está apagando',
  'Somebody else answers this chat now': 'Otra persona responde ahora este chat',
  'Somebody else wrote this note': 'Esta nota la escribió otra persona',
  'That is not your password': 'Esa no es tu contraseña',
  'That operator may not see this bot': 'Esa persona no puede ver este bot',
  'That password is too easy to guess': 'Esa contraseña es demasiado fácil de adivinar',
  'That process does not answer; try again': 'Ese proceso no responde; inténtalo de nuevo',
  'That shortcut is taken': 'Ese atajo ya existe',
  'That username is taken': 'Ese usuario ya existe',
  'The bot is being handed over; try again': 'El bot está cambiando de proceso; inténtalo de nuevo',
  'The database is unavailable. Try again shortly.':
    'La base de datos no está disponible. Inténtalo en un momento.',
  'The message could not be stored; send it again':
    'No se pudo guardar el mensaje; envíalo de nuevo',
  'The message has not failed': 'El mensaje no ha fallado',
  'There is no QR code to scan': 'No hay código QR que escanear',
  'There is nothing to send': 'No hay nada que enviar',
  "This chat no longer exists, or isn't yours": 'Este chat ya no existe o no es tuyo',
  'This needs an admin': 'Esto requiere un administrador',
  'Too many failed attempts; try again in a minute':
    'Demasiados intentos fallidos; inténtalo de nuevo en un minuto',
  "What the bot answers is nobody's": 'Lo que responde el bot no es de nadie',
  'WhatsApp keeps {} messages for a bot that is away, no more':
    'WhatsApp guarda {} mensajes para un bot que no está, no más',
  'Wrong username or password': 'El usuario y la contraseña no coinciden',

  // Of a value that is not as it has to be.
  'A botId has 1 to 128 characters, none of them a control character':
    'Un botId tiene de 1 a 128 caracteres, ninguno de control',
  "A message that was received isn't the bot's own": 'Un mensaje recibido no es del propio bot',
  'A name has 1 to 100 characters, no control or invisible characters':
    'Un nombre tiene de 1 a 100 caracteres, ninguno de control ni invisible',
  'A label has 1 to 50 characters that can be seen, no outer spaces':
    'Una etiqueta tiene de 1 a 50 caracteres visibles, sin espacios al principio o al final',
  "A number with its country's code, such as +34 600 111 222":
    'Un número con su código de país, como +34 600 111 222',
  '1 to 32 characters without spaces': 'De 1 a 32 caracteres, sin espacios',
  'Text without control characters, not only blanks':
    'Un texto sin caracteres de control y que no esté en blanco',
  'A time that has passed': 'Esa hora ya pasó',
  'At least {}': 'Como mínimo {}',
  'At least {} characters': 'Al menos {} caracteres',
  'At most {}': 'Como máximo {}',
  'At most {} characters': 'Como máximo {} caracteres',
  'At most {} items': 'Como máximo {} elementos',
  'May not be empty': 'No puede estar vacío',
  'Missing {}': 'Falta {}',
  'Must be a data: URL of an image': 'Debe ser una URL data: de una imagen',
  'Must be a list': 'Debe ser una lista',
  'Must be a number': 'Debe ser un número',
  'Must be a phone number or a WhatsApp address':
    'Debe ser un número de teléfono o una dirección de WhatsApp',
  'Must be a whole number': 'Debe ser un número entero',
  'Must be an ISO 8601 time with its offset':
    'Debe ser una hora ISO 8601 con su diferencia horaria',
  'Must be an object': 'Debe ser un objeto',
  'Must be text': 'Debe ser texto',
  'Must be the `before` of a page': 'Debe ser el `before` de una página',
  'Must be true or false': 'Debe ser verdadero o falso',
  'No control characters': 'Sin caracteres de control',
  'No control characters but newline and tab':
    'Sin caracteres de control, salvo salto de línea y tabulación',
  'No control characters in a bot id': 'Sin caracteres de control en el id de un bot',
  'No control or invisible characters or outer spaces in a username':
    'Un usuario no lleva caracteres de control ni invisibles, ni espacios al principio o al final',
  'No invisible characters in a name': 'Sin caracteres invisibles en un nombre',
  "Not a page's `before`": 'No es el `before` de una página',
  'No ISO 8601 time with an offset': 'No es una hora ISO 8601 con su diferencia horaria',
  'Not one of the values there are': 'No es uno de los valores posibles',
  'Not valid': 'No es válido',
  '{} is not UTF-8': '{} no es UTF-8',

  // For programs; a page shows them only where it has a mistake.
  'An Idempotency-Key has 1 to 128 characters, none of them a control character':
    'Una Idempotency-Key tiene de 1 a 128 caracteres, ninguno de control',
  'An array of events may not be empty': 'La lista de eventos no puede estar vacía',
  'An event is over 64 KiB': 'Un evento pasa de 64 KiB',
  'Another site may not open this stream': 'Otro sitio no puede abrir esta conexión en vivo',
  'At most {} bots a stream': 'Como máximo {} bots por conexión en vivo',
  'At most {} events at once': 'Como máximo {} eventos a la vez',
  'Bad Request': 'La solicitud no es correcta',
  Forbidden: 'No está permitido',
  'Invalid token': 'La sesión no es válida',
  'Method Not Allowed': 'Eso no se puede hacer aquí',
  'Missing token': 'Falta iniciar sesión',
  'Not Found': 'No existe',
  'The body is not UTF-8': 'El contenido no es UTF-8',
  'The body is not valid JSON': 'El contenido no es JSON válido',
  'A field of the form has no name': 'Un campo del formulario no tiene nombre',
  'A header of the form is too long': 'Un encabezado del formulario es demasiado largo',
  'One file at a time': 'Un archivo cada vez',
  'The fields are over 256 KiB': 'Los campos pasan de 256 KiB',
  'The form has no boundary': 'El formulario no tiene delimitador',
  'The form has too many fields': 'El formulario tiene demasiados campos',
  'The form is cut short': 'El formulario está incompleto',
  'The body is over 1 MiB': 'El contenido pasa de 1 MiB',
  'The body must be application/json in UTF-8': 'El contenido debe ser application/json en UTF-8',
  'This Idempotency-Key was used with another body':
    'Esta Idempotency-Key ya se usó con otro contenido',
  'This token does not come from a login': 'Esta sesión no viene de un inicio de sesión',
  'This token does not cover every bot of the stream':
    'Esta sesión no incluye todos los bots de la conexión en vivo',
  'This token does not cover that bot': 'Ese bot no es tuyo',
  "This token ends earlier than the stream's": 'Esta sesión termina antes que la actual',
  'This process takes no streams now': 'Este proceso no acepta ahora conexiones en vivo',
  'This token may not publish': 'Esta sesión no puede publicar eventos',

  // Why a bot is not connected.
  "Another client took this bot's place; connect to take it back":
    'Otro cliente ocupó el lugar de este bot; conéctalo para recuperarlo',
  'Connection closed': 'La conexión se cerró',
  'Disconnected by an operator': 'Desconectado por un operador',
  "Its id can't name a folder; add it anew":
    'Su id no sirve como nombre de carpeta; agrega el bot de nuevo',
  'Nobody entered the pairing code': 'Nadie ingresó el código de vinculación',
  'The bot is linked already; unlink it first': 'El bot ya está vinculado; desvincúlalo primero',
  'With several processes a bot is linked by QR, not by code':
    'Con varios procesos, un bot se vincula por QR, no por código',
  'A number is + and 8 to 15 digits': 'Un número es + y de 8 a 15 dígitos',
  'Nobody scanned the QR code': 'Nadie escaneó el código QR',
  'Removed by an operator': 'Eliminado por un operador',
  'The bot is not linked to a phone': 'El bot no está vinculado a ningún teléfono',
  "The bot isn't connected": 'El bot no está conectado',
  'The connection could not be opened: {}': 'No se pudo abrir la conexión: {}',
  'The connection was lost': 'Se perdió la conexión',
  'Unlinked by an operator': 'Desvinculado por un operador',
  'Unlinked from the phone. Scan a new QR.': 'Desvinculado desde el teléfono. Escanea un QR nuevo.',
  'WhatsApp asks for a restart': 'WhatsApp pide reconectar',
  'WhatsApp closed the connection': 'WhatsApp cerró la conexión',
  'WhatsApp has banned this number for a time; look at the phone':
    'WhatsApp suspendió este número por un tiempo; mira el teléfono',
  'WhatsApp has locked or banned this number; look at the phone':
    'WhatsApp bloqueó o suspendió este número; mira el teléfono',
  'WhatsApp has trouble of its own': 'WhatsApp tiene problemas propios',
  'WhatsApp no longer takes this client; upgrade Pulso':
    'WhatsApp ya no acepta este cliente; actualiza Pulso',

  // Why a message was not sent, or its file is not there.
  'All encryptions failed': 'no se pudo cifrar para ningún dispositivo del contacto',
  'It is not known whether WhatsApp took the message': 'No se sabe si WhatsApp aceptó el mensaje',
  'Pulso is stopping': 'El servidor se está apagando',
  'The bot was disconnected': 'El bot fue desconectado',
  'The bot was unlinked': 'El bot fue desvinculado',
  'The file could not be uploaded': 'No se pudo subir el archivo',
  'The file could not be fetched: {}': 'No se pudo obtener el archivo: {}',
  'The file is no longer there': 'El archivo ya no está',
  'The file is over {} MiB': 'El archivo pasa de {} MiB',
  "The store of files can't be reached": 'No se llega al almacén de archivos',
  'The file is damaged': 'El archivo está dañado',
  "The file is not on WhatsApp's servers": 'El archivo no está en los servidores de WhatsApp',
  'The file is too large': 'El archivo es demasiado grande',
  'The message could not be sent: {}': 'No se pudo enviar el mensaje: {}',
  'This message has no file': 'Este mensaje no tiene archivo',
  'WhatsApp answers {} for the file': 'WhatsApp responde {} al pedir el archivo',
  'WhatsApp did not take the message within {} s': 'WhatsApp no aceptó el mensaje en {} s',
  'WhatsApp no longer has the file': 'WhatsApp ya no tiene el archivo',
  'WhatsApp refused the message ({})': 'WhatsApp rechazó el mensaje ({})',

  // What an administrator has to mend.
  '{}: run npm ci --prefix services/whatsapp/baileys/node, then connect again':
    '{}: ejecuta npm ci --prefix services/whatsapp/baileys/node y conecta el bot de nuevo',
  'Baileys holds its connection in another way': 'Baileys guarda su conexión de otra forma',
  'Baileys is {}, and must be {}': 'Baileys es {} y debe ser {}',
  'Baileys listens for messages in another way': 'Baileys escucha los mensajes de otra forma',
  'libsignal keeps its sessions in another shape': 'libsignal guarda sus sesiones de otra forma',
  "The packages of the WhatsApp process don't load ({})":
    'Los paquetes del proceso de WhatsApp no cargan ({})',
  'The packages of the WhatsApp process are not installed':
    'Los paquetes del proceso de WhatsApp no están instalados',
  'Node is not installed: install Node 20 or newer, then connect again':
    'Node no está instalado: instala Node 20 o posterior y conecta el bot de nuevo',
  'Node {} is too old: install Node 20 or newer, then connect again':
    'Node {} es demasiado antiguo: instala Node 20 o posterior y conecta el bot de nuevo',
  'PULSO_BAILEYS_URL must name a loopback host': 'PULSO_BAILEYS_URL debe nombrar este mismo equipo',
  "The credentials in {} can't be read; restore them, or delete the folder and pair again":
    'No se pueden leer las credenciales de {}; recupéralas, o borra la carpeta y vincula de nuevo',
  'The WhatsApp process could not do it: {}': 'El proceso de WhatsApp no pudo hacerlo: {}',
  'The WhatsApp process has ended': 'El proceso de WhatsApp terminó',
  'The WhatsApp process is starting; try again':
    'El proceso de WhatsApp está arrancando; inténtalo de nuevo',

  // Messages that can't be shown, by what WhatsApp calls them.
  buttons: 'botones',
  call: 'llamada',
  event: 'evento',
  form: 'formulario',
  'invitation to a group': 'invitación a un grupo',
  invoice: 'factura',
  list: 'lista',
  'message of a newer kind': 'mensaje de un tipo más nuevo',
  'missed video call': 'videollamada perdida',
  'missed voice call': 'llamada perdida',
  order: 'pedido',
  poll: 'encuesta',
  product: 'producto',
  'view-once message': 'mensaje para ver una sola vez',
  'vote in a poll': 'voto en una encuesta',
};

const spanish = language.toLowerCase().startsWith('es');

/** @param {string} text */
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// The longer a sentence, the less it takes for one of its own that is another's.
/** @type {[RegExp, string][]} */
const patterns = Object.entries(SPANISH)
  .filter(([english]) => english.includes('{}'))
  .sort(([one], [other]) => other.length - one.length)
  .map(([english, words]) => [
    new RegExp(`^${english.split('{}').map(escaped).join('(.+)')}$`, 's'),
    words,
  ]);

/** @param {string} text @returns {string} */
function inSpanish(text) {
  if (Object.hasOwn(SPANISH, text)) return SPANISH[text];
  for (const [pattern, words] of patterns) {
    const values = pattern.exec(text)?.slice(1);
    if (values) return words.replaceAll('{}', () => inSpanish(values.shift() ?? ''));
  }
  return text;
}

/** @template {string | null | undefined} T @param {T} text @returns {T | string} */
export const translateServerText = (text) => (spanish && text ? inSpanish(text) : text);
